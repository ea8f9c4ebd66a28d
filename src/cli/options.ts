/** The options of every command, as data; those of `oz os …` are in a file of their own. */
import { command, type Valued } from './option-table.ts';
import {
  backend,
  color,
  config,
  configFiles,
  debug,
  help,
  json,
  mac,
  onError,
  progress,
  version,
} from './options-common.ts';
import { osCommands } from './options-os.ts';
import { ozCompletion, ozDoctor } from './options-setup.ts';
import { fileName, nicModel, oneOf, outputFile, seconds } from './values.ts';

export {
  ozOs,
  ozOsDetect,
  ozOsDevices,
  ozOsList,
  ozOsScript,
  ozOsShow,
} from './options-os.ts';
export { ozCompletion, ozDoctor } from './options-setup.ts';

const tdlOperand = {
  name: 'tdl',
  help: 'the template (TDL) that describes the system; - reads it from standard input',
};
const xmlOperand = {
  name: 'libvirt_xml_file',
  help: 'the domain XML that oz-install wrote for the image',
};

const buildOptions = {
  auto: {
    short: 'a',
    long: 'auto',
    value: 'file',
    read: fileName,
    help: "give the installer <file> (preseed, kickstart, …) instead of Ozma's own answer file",
  },
  diskBus: {
    short: 'b',
    long: 'disk-bus',
    value: 'bus',
    read: oneOf('disk bus', ['virtio', 'ide', 'sata', 'scsi', 'usb']),
    help: 'attach the disk to <bus>: virtio, ide, sata, scsi or usb',
  },
  config,
  debug,
  forceDownload: {
    short: 'f',
    long: 'force-download',
    help: 'download the installation media again even when they are cached',
  },
  generateIcicle: {
    short: 'g',
    long: 'generate-icicle',
    help: 'list the installed packages as ICICLE after the installation',
  },
  help,
  icicle: {
    short: 'i',
    long: 'icicle',
    value: 'file',
    read: outputFile,
    help: 'write the ICICLE to <file> instead of standard output (only with -g)',
  },
  macAddress: mac,
  networkDevice: {
    short: 'n',
    long: 'network-device',
    value: 'model',
    read: nicModel,
    help: 'use a network device of <model>, such as virtio, e1000 or rtl8139',
  },
  cleanup: {
    short: 'p',
    long: 'cleanup',
    help: 'first remove a guest and a disk of the same name that are there already',
  },
  disk: {
    short: 's',
    long: 'disk',
    value: 'file',
    read: outputFile,
    help: "write the image to <file> (default: the TDL's name in the output directory)",
  },
  timeout: {
    short: 't',
    long: 'timeout',
    value: 'seconds',
    read: seconds,
    help: 'give the installation <seconds> instead of the time in oz.cfg',
  },
  customize: {
    short: 'u',
    long: 'customize',
    help: "after the installation, add the TDL's repositories, packages and files and run its commands",
  },
  xmlfile: {
    short: 'x',
    long: 'xmlfile',
    value: 'file',
    read: outputFile,
    help: 'write the libvirt XML to <file> (default: name and time, in the current directory)',
  },
} as const;

export const ozInstall = command({
  name: 'oz-install',
  summary: 'install an operating system into an image, unattended',
  description: [
    'Reads a template (TDL), fetches the installation media, runs the installer of the system itself in a guest, and leaves a disk image and the libvirt XML to run it. With -u the image is customized as well, with -g its packages are listed.',
    "Without an oz.cfg, and without root's rights, the guest runs in qemu:///session.",
  ],
  operands: [tdlOperand],
  options: { ...buildOptions, json, backend, onError, progress, color, version },
  examples: [
    { what: 'Install what the template says', line: 'oz-install debian-13.tdl' },
    {
      what: 'Install, customize, list the packages in a file, show all that happens',
      line: 'oz-install -ugd3 -i debian.icicle debian-13.tdl',
    },
    {
      what: 'Replace an earlier image, name the outputs, wait at most an hour',
      line: 'oz-install -p -s /srv/debian.qcow2 -x debian.xml -t 3600 debian-13.tdl',
    },
    {
      what: "Use one's own preseed file",
      line: 'oz-install -a my-preseed.cfg debian-13.tdl',
    },
    {
      what: 'Follow the build from another program',
      line: 'oz-install --json debian-13.tdl',
    },
  ],
  files: [
    ...configFiles,
    { path: '/var/lib/libvirt/images', help: 'images of root, unless oz.cfg says otherwise' },
    { path: '~/.oz/images', help: 'images of other users, unless oz.cfg says otherwise' },
  ],
  seeAlso: [
    'oz-customize(1)',
    'oz-generate-icicle(1)',
    'oz-cleanup-cache(1)',
    'oz-plan(1)',
    'oz-tdl(5)',
    'oz.cfg(5)',
  ],
});

export const ozCustomize = command({
  name: 'oz-customize',
  summary: 'customize an image that oz-install made',
  description: [
    'Boots an installed image, adds the repositories, packages and files of the template, runs its commands, and shuts it down again. The image must not be in use.',
    'With the backend openstack the work is done on a server made from the image in Glance that the XML names. When all has succeeded, a new image takes the place of the old one, and the XML names it.',
  ],
  operands: [tdlOperand, xmlOperand],
  options: {
    config,
    debug,
    help,
    macAddress: mac,
    json,
    backend,
    onError,
    progress,
    color,
    version,
  },
  examples: [
    {
      what: 'Customize an image installed before',
      line: 'oz-customize debian-13.tdl debian.xml',
    },
    {
      what: 'The same, with all that the commands print',
      line: 'oz-customize -d3 debian-13.tdl debian.xml',
    },
  ],
  files: configFiles,
  seeAlso: ['oz-install(1)', 'oz-generate-icicle(1)'],
});

export const ozGenerateIcicle = command({
  name: 'oz-generate-icicle',
  summary: 'list the packages of an image that oz-install made',
  description: [
    'Boots an installed image, asks it for its packages, and prints them as an ICICLE document. The image must not be in use.',
    'With the backend openstack a server is made from the image in Glance that the XML names; the image stays as it is.',
  ],
  operands: [tdlOperand, xmlOperand],
  options: {
    config,
    debug,
    help,
    icicle: {
      short: 'i',
      long: 'icicle',
      value: 'file',
      read: outputFile,
      help: 'write the ICICLE to <file> instead of standard output',
    },
    json,
    backend,
    onError,
    progress,
    color,
    version,
  },
  examples: [
    { what: 'Print the packages', line: 'oz-generate-icicle debian-13.tdl debian.xml' },
    {
      what: 'Write them to a file',
      line: 'oz-generate-icicle -i debian.icicle debian-13.tdl debian.xml',
    },
  ],
  files: configFiles,
  seeAlso: ['oz-install(1)', 'oz-customize(1)'],
});

export const ozCleanupCache = command({
  name: 'oz-cleanup-cache',
  summary: 'remove cached installation media and installed systems',
  description: [
    'Removes what earlier builds left in the data directory: media, kernels, finished installations kept for reuse, floppies and screenshots. Finished images are not touched. Asks first, unless -f is given.',
    'With the backend openstack also the installers that builds have left in Glance, of this project and made by Ozma only: after a question on a terminal, or with -y or -f; otherwise they stay.',
  ],
  operands: [],
  options: {
    config,
    debug,
    force: { short: 'f', long: 'force', help: 'ask no questions' },
    help,
    backend,
    yes: { short: 'y', long: 'yes', help: 'the same as -f' },
    color,
    version,
  },
  examples: [
    { what: 'See what would be removed, and say yes or no', line: 'oz-cleanup-cache' },
    { what: 'Remove it without a question', line: 'oz-cleanup-cache -f' },
  ],
  files: [
    ...configFiles,
    { path: '/var/lib/oz', help: "root's data directory, unless oz.cfg says otherwise" },
    { path: '~/.oz', help: 'data directory of other users, unless oz.cfg says otherwise' },
  ],
  seeAlso: ['oz-install(1)'],
});

export const ozPlan = command({
  name: 'oz plan',
  summary: 'show what oz-install would do, and touch nothing',
  description: [
    'Takes the options of oz-install and prints what it would do with them: the operating system, hardware, media, how the answer file reaches the installer and why, kernel arguments, answer file, domain XML, customization steps and outputs. Secrets are masked. Nothing is downloaded, written or started.',
    'Where the TDL has no <version> or no <arch> and its ISO is on this machine, says what they would be, and exits with 1.',
  ],
  operands: [tdlOperand],
  options: {
    ...buildOptions,
    json: { long: 'json', help: 'print the plan as one JSON document' },
    backend,
    color,
    version,
  },
  examples: [
    { what: 'See what would be done', line: 'oz plan debian-13.tdl' },
    { what: 'The same for customizing and an ICICLE', line: 'oz plan -ug debian-13.tdl' },
    {
      what: 'Only the answer file',
      line: 'oz plan --json debian-13.tdl | jq -r .install.answer.text',
    },
  ],
  files: configFiles,
  seeAlso: ['oz-install(1)'],
});

const libraryOperand = {
  name: 'file',
  help: 'templates (TDLs), oz.cfg files, or directories that are searched for them',
  many: true,
};

export const ozCheck = command({
  name: 'oz check',
  summary: 'check templates and configurations, and say how they would be built',
  description: [
    'Reads templates and oz.cfg files and says of each whether it is right, how libvirt and OpenStack would build it or why not, what Oz does otherwise, and what is outdated. In directories, *.tdl, XML files that hold a template, and oz*.cfg are looked at. Nothing is downloaded, asked or started: what a certain cloud allows is told by oz plan.',
    'The exit code is 0 when all files are right and can be built by the backend of oz.cfg, or of --backend.',
  ],
  operands: [
    { ...libraryOperand, help: `${libraryOperand.help}; - is a template on standard input` },
  ],
  options: {
    config,
    debug,
    help,
    json: { long: 'json', help: 'print the reports as one JSON document' },
    backend: {
      ...backend,
      help: 'the backend that must be able to build the templates, whatever oz.cfg says',
    },
    color,
    version,
  },
  examples: [
    { what: 'Check one template', line: 'oz check debian-13.tdl' },
    { what: 'Check a library, for a cloud', line: 'oz check --backend=openstack templates/' },
    {
      what: 'The files in which something is wrong',
      line: "oz check --json templates/ | jq -r '.files[] | select(.problem).file'",
    },
  ],
  files: configFiles,
  seeAlso: ['oz-plan(1)', 'oz-migrate(1)', 'oz-install(1)', 'oz-tdl(5)'],
});

export const ozMigrate = command({
  name: 'oz migrate',
  summary: 'turn a configuration for Oz, and templates, into ones for either backend',
  description: [
    'Writes an oz.cfg for libvirt or OpenStack from one that exists: values, comments and order stay; what counts no more is turned into a comment with the reason, what is missing is added as a comment to fill in. Templates get a comment at each place that needs a change; those that need none stay as they are.',
    'The results are printed, or written below the directory of -o. Files are changed only with --in-place.',
  ],
  operands: [libraryOperand],
  options: {
    config,
    debug,
    help,
    output: {
      short: 'o',
      long: 'output',
      value: 'directory',
      read: fileName,
      help: 'write the results below <directory>, under the same names; files that are there are not replaced',
    } satisfies Valued<string>,
    backend: {
      ...backend,
      help: 'the backend to write for; else the one that oz.cfg names',
    },
    inPlace: { long: 'in-place', help: 'change the files themselves' },
    color,
    version,
  },
  examples: [
    { what: 'See what a cloud would need', line: 'oz migrate --backend=openstack /etc/oz/oz.cfg' },
    {
      what: 'A copy of a library with remarks',
      line: 'oz migrate --backend=openstack -o cloud/ oz.cfg templates/',
    },
  ],
  files: configFiles,
  seeAlso: ['oz-check(1)', 'oz.cfg(5)'],
});

export const oz = command({
  name: 'oz',
  summary: 'look at what would be built and how; check templates and this machine',
  description: [
    "Commands beside the building of images, which is oz-install's. Each has its own help: oz <command> --help. oz alone prints this help; oz version, its version.",
  ],
  operands: [
    { name: 'command', help: 'one of the commands below, with its options and arguments' },
  ],
  commands: [
    { name: 'plan', help: ozPlan.summary },
    { name: 'check', help: ozCheck.summary },
    { name: 'migrate', help: ozMigrate.summary },
    { name: 'doctor', help: ozDoctor.summary },
    { name: 'completion', help: ozCompletion.summary },
    ...osCommands.map(({ name, help }) => ({ name: `os ${name}`, help })),
  ],
  options: { help, color, version },
  examples: [
    { what: 'See what oz-install would do', line: 'oz plan debian-13.tdl' },
    { what: 'What an ISO holds', line: 'oz os detect x.iso' },
    { what: 'The help of a command', line: 'oz help plan' },
  ],
  seeAlso: [
    'oz-plan(1)',
    'oz-check(1)',
    'oz-migrate(1)',
    'oz-doctor(1)',
    'oz-completion(1)',
    'oz-os(1)',
    'oz-install(1)',
  ],
});
