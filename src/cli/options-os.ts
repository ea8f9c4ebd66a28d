/** The options of `oz os …`, as data. */
import { command, type Flag, type Valued } from './option-table.ts';
import { color, help, version } from './options-common.ts';
import { usageError } from './usage-error.ts';
import { fileName, oneOf } from './values.ts';

const json: Flag = { long: 'json', help: 'print one JSON document' };

const text = (what: string) => (value: string) => {
  if (value === '') throw usageError(`${what} is empty`);
  return value;
};

/** `name=value`, both kept as they are. */
export function assignment(value: string): [name: string, value: string] {
  const equals = value.indexOf('=');
  if (equals < 1)
    throw usageError(`'${value}' is not of the form name=value`, 'write it as in hostname=web');
  return [value.slice(0, equals), value.slice(equals + 1)];
}

const filter = (property: string): Valued<string> => ({
  long: property,
  value: property,
  read: text(`the ${property}`),
  help: `only those whose ${property} is <${property}>`,
});

const osOperand = {
  name: 'id',
  help: 'the operating system: its id or a short id, such as debian13',
};

const seeAlso = [
  'oz-os-list(1)',
  'oz-os-show(1)',
  'oz-os-devices(1)',
  'oz-os-detect(1)',
  'oz-os-script(1)',
];
const others = (name: string) => [...seeAlso.filter((page) => page !== name), 'oz(1)'];

const files = [
  {
    path: '/usr/share/osinfo',
    help: "the distribution's database; OSINFO_SYSTEM_DIR says otherwise",
  },
  { path: '/etc/osinfo', help: "the administrator's additions; OSINFO_LOCAL_DIR says otherwise" },
  { path: '~/.config/osinfo', help: "the user's additions; OSINFO_USER_DIR says otherwise" },
];

export const ozOsList = command({
  name: 'oz os list',
  summary: 'list the operating systems that are known',
  description: [
    'Prints a table of the operating systems in the osinfo database. Conditions narrow it; all of them must hold.',
    'Properties are short-id, name, version, family, distro, vendor, release-date, eol-date, codename, id and release-status; with --of those of platforms, devices or deployments.',
  ],
  operands: [
    {
      name: 'property=value',
      help: 'only those of which one value of the property is this one',
      many: true,
    },
  ],
  options: {
    family: filter('family'),
    distro: filter('distro'),
    vendor: filter('vendor'),
    fields: {
      short: 'f',
      long: 'fields',
      value: 'properties',
      read: (value) => text('the list of fields')(value).split(','),
      help: 'print these <properties>, separated by commas',
    } as Valued<string[]>,
    sort: {
      short: 's',
      long: 'sort',
      value: 'property',
      read: text('the sort key'),
      help: 'sort by <property>; short-id unless told',
    } as Valued<string>,
    of: {
      long: 'of',
      value: 'kind',
      read: oneOf('kind of entity', ['os', 'platform', 'device', 'deployment']),
      help: 'list what is of <kind>: os (the default), platform, device or deployment',
    } as Valued<'os' | 'platform' | 'device' | 'deployment'>,
    json,
    help,
    color,
    version,
  },
  examples: [
    { what: 'Everything', line: 'oz os list' },
    {
      what: 'What Debian has released, oldest first',
      line: 'oz os list --distro debian -s release-date',
    },
    {
      what: 'Code names and ends of life of Ubuntu, as JSON',
      line: 'oz os list --json -f short-id,codename,eol-date distro=ubuntu',
    },
    { what: 'Versions of QEMU, for oz os devices --platform', line: 'oz os list --of platform' },
  ],
  files,
  seeAlso: others('oz-os-list(1)'),
});

export const ozOsShow = command({
  name: 'oz os show',
  summary: 'show everything that is known of an operating system',
  description: [
    'Prints names and dates, what it derives from, resources, firmware, devices, media, install trees, images and install scripts, all that it inherits included.',
  ],
  operands: [osOperand],
  options: { json, help, color, version },
  examples: [
    { what: 'All of it', line: 'oz os show debian13' },
    {
      what: 'The memory that its installer needs, in bytes',
      line: 'oz os show --json fedora37 | jq -r .resources.minimum[0].ram',
    },
  ],
  files,
  seeAlso: others('oz-os-show(1)'),
});

export const ozOsDevices = command({
  name: 'oz os devices',
  summary: 'list the devices that an operating system supports',
  description: [
    'Prints the virtual devices that the system has drivers for, inherited ones included; with --platform only those that this hypervisor offers as well.',
  ],
  operands: [osOperand],
  options: {
    platform: {
      long: 'platform',
      value: 'platform',
      read: text('the platform'),
      help: 'only what <platform> offers too: its id or short id, such as qemu-2.0.0',
    } as Valued<string>,
    json,
    help,
    color,
    version,
  },
  examples: [
    { what: 'All of them', line: 'oz os devices debian13' },
    { what: 'What QEMU 2.0 offers of them', line: 'oz os devices win10 --platform qemu-2.0.0' },
  ],
  files,
  seeAlso: others('oz-os-devices(1)'),
});

export const ozOsDetect = command({
  name: 'oz os detect',
  summary: 'tell which operating system an ISO or an install tree holds',
  description: [
    'Reads the volume descriptors of an ISO (a few KiB, also over HTTP) or the .treeinfo of an install tree, and finds what the database has for it. Fails when it is none that is known.',
  ],
  operands: [
    { name: 'place', help: 'a file or URL of an ISO, or a directory or URL of an install tree' },
  ],
  options: {
    type: {
      short: 't',
      long: 'type',
      value: 'type',
      read: oneOf('type', ['media', 'tree']),
      help: 'take it for media (an ISO) or a tree, instead of finding out',
    } as Valued<'media' | 'tree'>,
    all: { short: 'a', long: 'all', help: 'print every match, the best first' },
    json,
    help,
    color,
    version,
  },
  examples: [
    { what: 'An ISO', line: 'oz os detect debian-13.1.0-amd64-netinst.iso' },
    {
      what: 'An ISO on a server, of which 64 KiB are read',
      line: 'oz os detect http://example.org/x.iso',
    },
    { what: 'An install tree', line: 'oz os detect http://example.org/fedora/40/x86_64/os/' },
  ],
  files,
  seeAlso: others('oz-os-detect(1)'),
});

export const ozOsScript = command({
  name: 'oz os script',
  summary: 'write the answer file that installs an operating system unattended',
  description: [
    'Makes the kickstart, preseed, autoinstall, AutoYaST, unattend or similar file of a system. Without --output-dir the text goes to standard output; what else matters (file name, ways to the installer, kernel arguments) goes to standard error.',
    'A password that the file needs and that is not given is made up, and told on standard error.',
  ],
  operands: [osOperand],
  options: {
    profile: {
      short: 'p',
      long: 'profile',
      value: 'profile',
      read: text('the profile'),
      help: 'jeos, a small system (the default), desktop, or another <profile> that the system has',
    } as Valued<string>,
    config: {
      short: 'c',
      long: 'config',
      value: 'name=value',
      read: (value, before = []) => [...before, assignment(value)],
      help: 'set a parameter to a value; may be given several times, and wins over --config-file',
    } as Valued<[string, string][]>,
    configFile: {
      short: 'f',
      long: 'config-file',
      value: 'file',
      read: fileName,
      help: 'take parameters from <file>: lines of name=value below [install-script]',
    } as Valued<string>,
    source: {
      short: 's',
      long: 'source',
      value: 'source',
      read: oneOf('source', ['media', 'network', 'tree']),
      help: 'where the packages come from: media (the default), network or tree',
    } as Valued<'media' | 'network' | 'tree'>,
    outputDir: {
      short: 'd',
      long: 'output-dir',
      value: 'directory',
      read: fileName,
      help: 'write the files into <directory> and print their names',
    } as Valued<string>,
    prefix: {
      short: 'P',
      long: 'prefix',
      value: 'prefix',
      read: (value) => {
        if (/[/\0]/.test(value)) throw usageError(`the prefix '${value}' is not a file name`);
        return text('the prefix')(value);
      },
      help: 'put <prefix> and a dash before the names of the files',
    } as Valued<string>,
    listConfig: { long: 'list-config', help: 'list the parameters of the profile instead' },
    listProfiles: { long: 'list-profiles', help: 'list the profiles of the system instead' },
    listInjectionMethods: {
      long: 'list-injection-methods',
      help: 'list how the files reach the installer instead',
    },
    json,
    help,
    color,
    version,
  },
  examples: [
    {
      what: 'A preseed file',
      line: 'oz os script debian13 -c admin-password=geheim -c hostname=web',
    },
    { what: 'What can be set', line: 'oz os script ubuntu24.04 --list-config' },
    {
      what: 'Into a directory, with parameters out of a file',
      line: 'oz os script fedora40 -f web.conf --source network -d /srv/ks',
    },
  ],
  files,
  seeAlso: others('oz-os-script(1)'),
});

/** Without `oz os` before their names. */
export const osCommands: readonly { name: string; help: string }[] = (
  [ozOsList, ozOsShow, ozOsDevices, ozOsDetect, ozOsScript] as readonly {
    name: string;
    summary: string;
  }[]
).map(({ name, summary }) => ({
  name: name.slice('oz os '.length),
  help: summary,
}));

export const ozOs = command({
  name: 'oz os',
  summary: 'look at operating systems: what is known of them, what an ISO holds, answer files',
  description: [
    'Commands on the osinfo database: the one of the distribution, what Ozma adds for newer systems, and what administrator and user add. Each has its own help: oz os <command> --help.',
  ],
  operands: [
    { name: 'command', help: 'one of the commands below, with its options and arguments' },
  ],
  commands: osCommands,
  options: { help, color, version },
  examples: [
    { what: 'What is known', line: 'oz os list' },
    { what: 'What an ISO holds', line: 'oz os detect x.iso' },
  ],
  files,
  seeAlso: [...seeAlso, 'oz(1)'],
});
