/** oz.cfg files to compare with the real Oz, and where the two are meant to differ. */

export interface ConfigCase {
  name: string;
  /** The file that `-c` names, unless `at` puts it elsewhere. */
  text?: string;
  /** `home`: as ~/.oz/oz.cfg; `nowhere`: `-c` names a file that is not there. */
  at?: 'home' | 'nowhere';
  root?: boolean;
  reason?: ConfigReason;
  /** With a reason: we must make of it what Oz makes of this file; absent: we must refuse it. */
  like?: string;
}

/** Names of the deliberate differences; DEVIATIONS.md tells each. */
export const configReasons = [
  'no-sense',
  'empty-means-unset',
  'one-word',
  'trimmed-value',
  'byte-order-mark',
] as const;
export type ConfigReason = (typeof configReasons)[number];

const c = (name: string, text: string, more: Partial<ConfigCase> = {}): ConfigCase => ({
  name,
  text,
  ...more,
});
const libvirt = (line: string, more: Partial<ConfigCase> = {}) =>
  c(`[libvirt] ${line}`, `[libvirt]\n${line}\n`, more);
const paths = (line: string, more: Partial<ConfigCase> = {}) =>
  c(`[paths] ${line}`, `[paths]\n${line}\n`, more);
const jeos = (value: string, more: Partial<ConfigCase> = {}) =>
  c(`boolean '${value}'`, `[cache]\njeos = ${value}\n`, more);
const boot = (value: string, more: Partial<ConfigCase> = {}) =>
  c(`number '${value}'`, `[timeouts]\nboot = ${value}\n`, more);

export const configCorpus: ConfigCase[] = [
  { name: 'no file, root', root: true, at: 'home' },
  { name: 'no file, user', at: 'home' },
  { name: 'file of the user', at: 'home', text: '[paths]\ndata_dir = /home-file\n' },
  {
    name: 'file of the user, as root',
    at: 'home',
    root: true,
    text: '[paths]\ndata_dir = /home-file\n',
  },
  { name: 'named file is missing', at: 'nowhere' },
  c('empty file', ''),
  c('empty file, root', '', { root: true }),
  c(
    'everything',
    `[paths]
output_dir = /a
data_dir = /b
screenshot_dir = /c
sshprivkey = /d
[libvirt]
uri = qemu+ssh://root@host/system?keyfile=/k;x=1#f
type = kvm
bridge_name = virbr0
cpus = 2
memory = 4096
image_type = qcow2
rng_model = random
rng_device = /dev/urandom
rng_rate_bytes = 1
rng_rate_period = 2
[cache]
original_media = no
modified_media = yes
jeos = true
[icicle]
safe_generation = True
[timeouts]
install = 1
inactivity = 2
boot = 3
shutdown = 4
`,
  ),
  c('colons', '[libvirt]\ntype: kvm\nuri: qemu:///system\n'),
  c('the first delimiter counts', '[libvirt]\nuri = a=b:c\ntype : x\n'),
  c('no blanks', '[libvirt]\ntype=kvm\n'),
  c('many blanks', '[libvirt]\n type   =    kvm   \n'),
  c('keys in capitals', '[libvirt]\nTYPE = kvm\n'),
  c('section in capitals', '[LIBVIRT]\ntype = kvm\n'),
  c('section with blanks', '[ libvirt ]\ntype = kvm\n'),
  c('text after the section', '[libvirt] rest\ntype = kvm\n'),
  c('section with a bracket', '[libvirt]]\ntype = kvm\n'),
  c('empty section name', '[]\ntype = kvm\n'),
  c('section without end', '[libvirt\ntype = kvm\n'),
  c('indented section', '  [libvirt]\n  type = kvm\n'),
  c('comments', '# a\n; b\n[libvirt]\n # c\n ; d\ntype = kvm\n#uri = x\n'),
  c('comment behind a value', '[paths]\ndata_dir = /a # b\noutput_dir = /c ; d\n'),
  c('quotes stay', '[paths]\ndata_dir = /"a"\n'),
  c('quoted value', '[paths]\ndata_dir = "/a"\n'),
  c('value over lines', '[libvirt]\nuri = a\n  b\n', { reason: 'one-word' }),
  c('value continued by nothing', '[libvirt]\nuri = a\n\n\ntype = b\n'),
  c('comment inside a value over lines', '[libvirt]\nuri =\n # c\n  a\n', {
    ...{ reason: 'trimmed-value', like: '[libvirt]\nuri = a\n' },
  }),
  c('boolean on the next line', '[cache]\njeos =\n  yes\n', {
    ...{ reason: 'trimmed-value', like: '[cache]\njeos = yes\n' },
  }),
  c('empty lines inside a value', '[libvirt]\nuri = a\n\n  b\n', { reason: 'one-word' }),
  c('value on the next line', '[timeouts]\nboot =\n  17\n'),
  c('key deeper than the one before', '[timeouts]\nboot = 1\n  shutdown = 2\n'),
  c('key less deep than the one before', '[timeouts]\n  boot = 1\nshutdown = 2\n'),
  c('no section', 'type = kvm\n'),
  c('key without value', '[libvirt]\ntype\n'),
  c('value without key', '[libvirt]\n= kvm\n'),
  c('key twice', '[libvirt]\ntype = kvm\ntype = qemu\n'),
  c('key twice in two cases', '[libvirt]\ntype = kvm\nType = qemu\n'),
  c('section twice', '[libvirt]\ntype = kvm\n[paths]\n[libvirt]\nuri = x\n'),
  c('unknown section', '[libvirtd]\ntype = kvm\n'),
  c('unknown key', '[libvirt]\nbridge = virbr0\n'),
  c('defaults', '[DEFAULT]\ntype = kvm\nboot = 7\n[libvirt]\n[timeouts]\n'),
  c('defaults without the section', '[DEFAULT]\ntype = kvm\n'),
  c('defaults overridden', '[DEFAULT]\ntype = kvm\n[libvirt]\ntype = qemu\n'),
  c('defaults twice', '[DEFAULT]\na = b\n[DEFAULT]\nc = d\n'),
  c('the same default twice', '[DEFAULT]\na = b\n[DEFAULT]\na = d\n'),
  c('reference', '[paths]\nbase = /srv\ndata_dir = %(base)s/oz\n'),
  c('reference to a default', '[DEFAULT]\nbase = /srv\n[paths]\ndata_dir = %(BASE)s/oz\n'),
  c('reference to a reference', '[paths]\na = /x\nb = %(a)s/y\ndata_dir = %(b)s/z\n'),
  c('reference to nothing', '[paths]\ndata_dir = %(base)s/oz\n'),
  c('reference to nothing in a key nobody reads', '[paths]\nx = %(y)s\n'),
  c('reference to itself', '[paths]\ndata_dir = %(data_dir)s/x\n'),
  c('doubled percent', '[paths]\ndata_dir = /100%%/x\n'),
  c('single percent', '[paths]\ndata_dir = /100%/x\n'),
  c('percent at the end', '[paths]\ndata_dir = /100%\n'),
  c('reference without s', '[paths]\nbase = /srv\ndata_dir = %(base)/oz\n'),
  c('reference without name', '[paths]\ndata_dir = %()s/oz\n'),
  c('doubled percent before a reference', '[paths]\nb = c\ndata_dir = /%%(b)s\n'),
  c('carriage returns', '[libvirt]\r\ntype = kvm\r\n[paths]\r\ndata_dir = /a\r\n'),
  c('old Mac line ends', '[libvirt]\rtype = kvm\r'),
  c('no line end at the end', '[libvirt]\ntype = kvm'),
  c('byte order mark', '\uFEFF[libvirt]\ntype = kvm\n', {
    ...{ reason: 'byte-order-mark', like: '[libvirt]\ntype = kvm\n' },
  }),
  c('umlaut', '[paths]\ndata_dir = /größe\n'),
  ...['yes', 'no', 'true', 'false', 'YES', 'False', 'tRUE', '1', '0', 'on', 'off', 'y', ''].map(
    (v) => jeos(v),
  ),
  ...[
    '1',
    '90',
    ' 90 ',
    '+5',
    '1_000',
    '007',
    '',
    'x',
    '1.5',
    '1e3',
    '0x10',
    '1 0',
    '_1',
    '1__0',
  ].map((v) => boot(v)),
  ...['0', '-1', '-0'].map((v) => boot(v, { reason: 'no-sense' })),
  libvirt('memory = 0', { reason: 'no-sense' }),
  libvirt('memory = -512', { reason: 'no-sense' }),
  libvirt('memory = 2G'),
  libvirt('memory ='),
  libvirt('cpus = 0', { reason: 'no-sense' }),
  libvirt('cpus = four'),
  libvirt('rng_rate_bytes = 0', { reason: 'no-sense' }),
  libvirt('uri =', { reason: 'empty-means-unset', like: '' }),
  libvirt('type =', { reason: 'empty-means-unset', like: '' }),
  libvirt('bridge_name =', { reason: 'empty-means-unset', like: '' }),
  libvirt('image_type =', { reason: 'no-sense' }),
  libvirt('image_type = ../raw', { reason: 'one-word' }),
  libvirt('image_type = vmdk'),
  libvirt('bridge_name = br 0', { reason: 'one-word' }),
  libvirt('rng_device = random', { reason: 'no-sense' }),
  libvirt('uri = %(nothing)s'),
  paths('output_dir = ~/images'),
  paths('output_dir = ~'),
  paths('output_dir = ~root/images'),
  paths('output_dir = ~nobody-of-that-name/images'),
  paths('output_dir = images'),
  paths('output_dir ='),
  paths('output_dir = /'),
  paths('output_dir = /a/../b'),
  paths('output_dir = /a b/c;d'),
  paths('data_dir = /elsewhere'),
];
