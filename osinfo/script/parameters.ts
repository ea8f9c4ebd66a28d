/**
 * What a build tells an install script, and the checks that keep a value from
 * becoming a command of its own in an answer file.
 */
import { OzError } from '../../src/base/errors.ts';

export interface BuildParameters {
  rootPassword?: string | undefined;
  /** Where packages come from, such as http://ftp.debian.org/debian/dists/trixie/. */
  installationUrl?: string | undefined;
  hostname?: string | undefined;
  /** /dev/vda; the first disk there is unless told. */
  targetDisk?: string | undefined;
  /** Of the guest, Oz's or libosinfo's name. */
  arch?: string | undefined;
  /** A public key that may log in as root: for customising, removed when the image is sealed. */
  sshAuthorizedKey?: string | undefined;
  /** Whether root may log in over SSH with its password. */
  sshRootPassword?: boolean | undefined;
  /** Whether cloud-init is to be in the installed system, looking for a cloud's data. */
  cloudInit?: boolean | undefined;
  /** The installed system's serial console; ttyS0 or the architecture's own unless told. */
  console?: string | undefined;
  /** Windows partitions the disk for it. */
  firmware?: 'bios' | 'efi' | undefined;
  /** What the guest has: Windows 11 checks for it then. */
  tpm?: boolean | undefined;
  secureBoot?: boolean | undefined;
  /** Windows' product key, SUSE's registration code. Secret. */
  productKey?: string | undefined;
  /** Which of the editions on a Windows medium, from 1. */
  imageIndex?: number | undefined;
  /** A folder of a CD with drivers that Windows' Setup looks through: `\` for all of it. */
  driversLocation?: string | undefined;
  language?: string | undefined;
  keyboard?: string | undefined;
  timezone?: string | undefined;
}

const publicKey = /^((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[A-Za-z0-9@.-]+) ([A-Za-z0-9+/]+={0,3})(?:\s|$)/;

/** Type and key without the comment, which may hold anything. */
function bareKey(text: string): string {
  const m = publicKey.exec(text.trim());
  if (m) return `${m[1]} ${m[2]}`;
  throw new OzError('OZ_OSINFO_BAD_PARAMETER', 'Cannot allow the SSH key: it is no public key', {
    hint: 'give the line of a .pub file, such as ssh-ed25519 AAAA…',
  });
}

/** The parameters by the names that install scripts know them by. */
export function scriptConfig(build: BuildParameters): Record<string, string> {
  const values: Record<string, string | undefined> = {
    'admin-password': build.rootPassword,
    'installation-url': build.installationUrl,
    hostname: build.hostname,
    'target-disk': build.targetDisk,
    'hardware-arch': build.arch,
    'ssh-authorized-key':
      build.sshAuthorizedKey === undefined ? undefined : bareKey(build.sshAuthorizedKey),
    'ssh-root-password': build.sshRootPassword ? 'true' : undefined,
    'cloud-init': build.cloudInit ? 'true' : undefined,
    console: build.console,
    firmware: build.firmware,
    tpm: build.tpm ? 'true' : undefined,
    'secure-boot': build.secureBoot ? 'true' : undefined,
    'reg-product-key': build.productKey,
    'image-index': build.imageIndex?.toString(),
    'pre-install-drivers-location': build.driversLocation,
    'l10n-language': build.language,
    'l10n-keyboard': build.keyboard,
    'l10n-timezone': build.timezone,
  };
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** What a value may look like; names not listed may hold anything on one line. */
const forms: Readonly<Record<string, RegExp>> = {
  'installation-url': /^[a-z]+:\/\/[A-Za-z0-9._~:/?#[\]@!&()*+,;=%-]+$/,
  hostname: /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/,
  'target-disk': /^[A-Za-z0-9/_.:-]+$/,
  'hardware-arch': /^[A-Za-z0-9_-]+$/,
  'ssh-authorized-key': /^[A-Za-z0-9@.-]+ [A-Za-z0-9+/=]+$/,
  'ssh-root-password': /^(?:true|false)$/,
  'cloud-init': /^(?:true|false)$/,
  'admin-password-crypted': /^\$[A-Za-z0-9./$=,-]+$/,
  'reg-product-key': /^[A-Za-z0-9-]+$/,
  firmware: /^(?:bios|efi)$/,
  tpm: /^(?:true|false)$/,
  'secure-boot': /^(?:true|false)$/,
  'image-index': /^[1-9][0-9]*$/,
  console: /^[A-Za-z0-9,]+$/,
  'l10n-language': /^[A-Za-z0-9._@-]+$/,
  'l10n-keyboard': /^[A-Za-z0-9._@()-]+$/,
  'l10n-timezone': /^[A-Za-z0-9/_+-]+$/,
};

// a line break would start a new line of the answer file, and YAML has some of its own
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const lineBreaking = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Throws OzError OZ_OSINFO_BAD_PARAMETER; never shows the value, which may be a password. */
export function checkConfig(config: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(config)) {
    const form = Object.hasOwn(forms, name) ? forms[name] : undefined;
    const broken = lineBreaking.test(value) || (form && !form.test(value));
    // installers read to the end of the line, strip it, and take a last \ for a continuation
    const frayed = name.endsWith('password') && (value.trim() !== value || value.endsWith('\\'));
    if (!broken && !frayed) continue;
    throw new OzError(
      'OZ_OSINFO_BAD_PARAMETER',
      `Cannot put ${name} into the answer file: ${
        broken
          ? 'it has characters that do not belong there'
          : 'it begins or ends with a space, or ends with a backslash'
      }`,
      { hint: `choose another ${name}, or give a whole answer file with -a` },
    );
  }
}
