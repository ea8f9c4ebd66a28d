/** AutoYaST: openSUSE and SUSE Linux Enterprise before Agama. */
import { scriptAnswer } from './answer.ts';
import { yastSteps } from './console-steps.ts';
import { commandLine, consoleArgument } from './consoles.ts';
import { type FamilyContext, type GuestFamily, ways } from './family.ts';
import { hasAgama, isSuse, suseAge, suseAnswerUrl, suseIso, suseTree } from './suse.ts';

/** These configure themselves in a second stage, after a restart. */
const hasSecondStage = ({ os }: FamilyContext) => suseAge(os) < 14;

/** A file of the user's own says itself when the machine is switched off. */
function endsAfterSecondStage(context: FamilyContext): boolean {
  const { ownAnswer: own } = context;
  if (own === undefined) return hasSecondStage(context);
  const says = (name: string, value: string) =>
    new RegExp(`<${name}\\b[^>]*>\\s*${value}\\s*<`).test(own);
  return says('final_halt', 'true') && !says('second_stage', 'false');
}

/** A key is registered over the network, wherever the packages are; openSUSE has none. */
const registers = ({ tdl, os }: FamilyContext) => Boolean(tdl.key) && os.distro !== 'opensuse';

const classicScript = 'http://opensuse.org/opensuse/autoyast-classic/jeos';
const sleScript = 'http://suse.com/sle/autoyast/jeos';

export const autoyast: GuestFamily = {
  name: 'autoyast',
  installs: (os) => isSuse(os) && !hasAgama(os),
  answerFile: () => 'autoinst.xml',
  ways: () => [ways.initrd, ways.argsConfigDrive, ways.argsUrl, ways.argsMedium],
  treeFiles: suseTree,
  isoFiles: suseIso,
  cmdline(context, way) {
    const { tdl } = context;
    return commandLine(
      [
        `autoyast=${suseAnswerUrl(context, way, 'autoinst.xml')}`,
        tdl.install.type === 'url' ? `install=${context.guestUrl}` : 'install=cd:/',
        tdl.install.type === 'url' || registers(context) ? 'netsetup=dhcp' : undefined,
        'textmode=1',
        consoleArgument(tdl.arch),
        'mitigations=off',
      ],
      tdl.kernelparam,
    );
  },
  answer: (context) =>
    scriptAnswer(context, {
      ...(hasSecondStage(context) ? { script: classicScript } : { orElse: sleScript }),
      parameters: context.tdl.key ? { productKey: context.tdl.key } : {},
    }),
  medium: (_context, text) => ({
    device: 'cdrom',
    label: 'OEMDRV',
    files: [{ path: 'autoinst.xml', text }],
  }),
  reboots: (context) => (endsAfterSecondStage(context) ? 1 : 0),
  cloudInit: (os) => suseAge(os) >= 14,
  failurePatterns: [
    'Error while parsing the control file',
    'Could not find the .* Repository',
    'No repository found',
    'An error occurred during the installation',
  ],
  consoleSteps: yastSteps,
  packageManager: () => 'zypper',
  lister: 'rpm',
  seal: 'suse',
};
