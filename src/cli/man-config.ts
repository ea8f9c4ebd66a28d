/** The manual page of oz.cfg, from the table of its keys. */
import { type ConfigKey, configKeys } from '../config/keys.ts';
import { roff } from './man.ts';

/** What each section is about. */
const sections: Record<string, string> = {
  backend: 'Which place runs the guests; --backend on the command line stands above it.',
  paths: 'Directories and files. They are made when needed.',
  libvirt:
    'Guests on this machine or another one. Memory, processors, image_type and the rng keys count for every place.',
  cache: 'What is kept for later builds.',
  icicle: 'How packages are listed.',
  timeouts:
    'Limits. Those that are not set are six times (inactivity: three times) as long for guests that are emulated, since these are slow.',
  openstack:
    'Guests in a cloud. Who one is comes from this section where it has auth_url; else from the cloud of clouds.yaml (with secure.yaml and the profiles of vendors) that cloud or OS_CLOUD names; else from the variables OS_*; else from the only cloud of clouds.yaml. This section may complete what the others say, and a secret that is missing is taken from OS_PASSWORD and its like.',
};

/** What the words in the table do not say by themselves. */
const notes: Record<string, readonly string[]> = {
  openstack: [
    'strategy: direct starts the kernel and initrd that belong to the disk image, and needs no volumes; volumes puts the installer and the answer medium behind an empty volume; rescue boots the installer beside the disk. oz plan says which of them a cloud allows, and why.',
    'result: what is only in Glance needs no tool on this machine. A download is converted to image_type of [libvirt] with qemu-img; qcow2 is taken as it comes.',
    'customize: over SSH the build must reach the server, at its own address, at a floating IP or through the bastion. With cloud-init nobody logs in: the steps travel as user data, and the package list comes back over the console.',
  ],
};

function valuesOf({ type, choices, minimum }: ConfigKey): string {
  const words: Record<ConfigKey['type'], string> = {
    choice: (choices ?? []).join(', '),
    boolean: 'yes or no',
    integer: minimum === undefined ? 'a whole number' : `a whole number, at least ${minimum}`,
    path: 'an absolute path; ~ is the home directory',
    pairs: 'name=value, separated by commas',
    word: 'a word',
    text: 'a text',
  };
  return words[type];
}

function defaultOf({ default: value, userDefault }: ConfigKey): string {
  if (value === '') return '';
  const user = userDefault === undefined ? '' : ` (users other than root: ${userDefault})`;
  return ` Default: ${value}${user}.`;
}

function entry(key: ConfigKey): string[] {
  const text = `${key.description} Value: ${valuesOf(key)}.${defaultOf(key)}`;
  return ['.TP', `\\fB${roff(key.key)}\\fR`, roff(text)];
}

function section(name: string): string[] {
  const keys = configKeys.filter((key) => key.section === name);
  return [
    `.SS [${roff(name)}]`,
    roff(sections[name] ?? ''),
    ...keys.flatMap(entry),
    ...(notes[name] ?? []).flatMap((text) => ['.PP', roff(text)]),
  ];
}

const examples: readonly (readonly [what: string, lines: string])[] = [
  [
    'Images as qcow2, guests with two processors',
    '[libvirt]\nimage_type = qcow2\ncpus = 2\nmemory = 2048',
  ],
  [
    'The same templates built in the cloud that clouds.yaml calls dev',
    '[backend]\ntype = openstack\n[openstack]\ncloud = dev\nflavor = m1.small\nresult = both',
  ],
];

/** oz.cfg(5). `date` is `2026-11-22`. */
export function configPage(meta: { version: string; date: string }): string {
  const names = [...new Set(configKeys.map((key) => key.section))];
  const lines = [
    `.TH OZ.CFG 5 ${meta.date} "Ozma ${meta.version}" "File Formats"`,
    '.SH NAME',
    'oz.cfg \\- configuration of oz\\-install and its relatives',
    '.SH DESCRIPTION',
    roff(
      'An INI file by the rules of Python: keys in any case, = or :, comments on lines of their own, %% for a percent sign, %(key)s for another value. It is read from the file that -c names; else from ~/.oz/oz.cfg; else, for root, from /etc/oz/oz.cfg. Without one the defaults below count. Unknown keys lead to a warning, wrong values to an error that names file and line.',
    ),
    '.SH SECTIONS',
    ...names.flatMap(section),
    '.SH EXAMPLES',
    ...examples.flatMap(([what, text], i) => [
      ...(i > 0 ? ['.PP'] : []),
      `${roff(what)}:`,
      '.PP',
      '.RS 4',
      '.nf',
      roff(text),
      '.fi',
      '.RE',
    ]),
    '.SH SEE ALSO',
    '.BR oz\\-install (1),',
    '.BR oz\\-plan (1),',
    '.BR oz\\-tdl (5)',
  ];
  return `${lines.join('\n')}\n`;
}
