/**
 * Windows: winnt.sif on a floppy up to 2003, Autounattend.xml on a second CD
 * since. Setup restarts by itself in between, and starts from the disk then.
 */
import type { OsEntity } from '../../../osinfo/types.ts';
import { OzError } from '../../base/errors.ts';
import { scriptAnswer } from './answer.ts';
import { type FamilyContext, type GuestFamily, ways } from './family.ts';

/** NT's version: 5.0 is 2000, 6.1 is 7. */
const ntVersion = ({ version }: OsEntity) => Number.parseFloat(version);
const isClassic = (os: OsEntity) => ntVersion(os) < 6;

/** A classic Setup asks for a key; the later ones go on without, as an evaluation. */
function productKey({ tdl, os }: FamilyContext): string | undefined {
  if (tdl.key !== undefined || !isClassic(os)) return tdl.key;
  throw new OzError(
    'OZ_PLAN_NO_KEY',
    `Cannot install ${os.name} (${tdl.source}): it needs a product key`,
    {
      hint: 'add <key> to <os> in the TDL',
    },
  );
}

/** The answers stand between quotes that nothing can get through. */
function refuseQuotes({ os, rootPassword }: FamilyContext): void {
  if (!isClassic(os) || !rootPassword.includes('"')) return;
  throw new OzError(
    'OZ_PLAN_PASSWORD',
    `Cannot install ${os.name}: its answer file takes no password with a quotation mark`,
    { hint: 'choose another <rootpw>, or give a whole answer file with -a' },
  );
}

/** Windows 2000 has no command that powers off. */
const powerOff = {
  path: 'off.vbs',
  text: [
    'Set wmi = GetObject("winmgmts:{impersonationLevel=impersonate,(Shutdown)}!\\\\.\\root\\cimv2")',
    'For Each system In wmi.ExecQuery("Select * From Win32_OperatingSystem")',
    '  system.Win32Shutdown 12',
    'Next',
    '',
  ].join('\r\n'),
};

const sif = 'http://microsoft.com/windows/sif-image/jeos';
const unattend = 'http://microsoft.com/windows/unattend-10/jeos';

export const windowsSetup: GuestFamily = {
  name: 'windows-setup',
  installs: (os) => os.family === 'winnt',
  answerFile: ({ os }) => (isClassic(os) ? 'winnt.sif' : 'Autounattend.xml'),
  ways: ({ tdl }) => (tdl.install.type === 'iso' ? [ways.medium] : []),
  answer(context) {
    refuseQuotes(context);
    const { firmware, tpm, secureBoot } = context.hardware;
    const made = scriptAnswer(context, {
      script: isClassic(context.os) ? sif : unattend,
      parameters: {
        productKey: productKey(context),
        ...{ firmware, tpm, secureBoot },
        driversLocation: context.drivers ? '\\' : undefined,
        sshRootPassword: undefined,
        sshAuthorizedKey: undefined,
      },
    });
    // a classic Setup wants its lines as DOS has them
    const text = isClassic(context.os) ? made.text.replace(/\r?\n/g, '\r\n') : made.text;
    return { ...made, text };
  },
  medium: ({ os }, text) =>
    isClassic(os)
      ? {
          device: 'floppy',
          label: 'ANSWERS',
          files: [{ path: 'winnt.sif', text }, ...(ntVersion(os) < 5.1 ? [powerOff] : [])],
        }
      : { device: 'cdrom', label: 'ANSWERS', files: [{ path: 'Autounattend.xml', text }] },
  fixedIso: (os) =>
    isClassic(os) ? undefined : 'its files are in UDF, which xorriso does not write',
  takesDrivers: (os) => !isClassic(os),
  reboots: ({ os }) => (isClassic(os) ? 1 : 2),
  // as long as Oz gives them
  installTime: (os) => (isClassic(os) ? 3600 : 8500),
  // an EFI that starts from CD asks for a key first
  keyPresses: ({ hardware }) =>
    hardware.firmware === 'efi' ? { codes: [28], every: 1000, until: 20_000 } : undefined,
  cloudInit: () => false,
  failurePatterns: [],
  consoleSteps: [],
  packageManager: () => 'none',
  undriven: () => 'it has no package manager that can be driven',
  lister: 'none',
  seal: 'windows',
};
