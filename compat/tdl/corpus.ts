/** TDLs to compare with the real Oz, and where the two are meant to differ. */

export interface TdlCase {
  name: string;
  text: string | Buffer;
  /** Files beside the TDL. */
  files?: Record<string, string | Buffer>;
  /** Whether a root password is required of the template. */
  rootpw?: boolean;
  /** Documents to merge into it. */
  mergePackages?: string[];
  mergeRepositories?: string[];
  /** Why we differ: a heading's line in DEVIATIONS.md. */
  reason?: Reason;
  /** Only Oz after 0.17 knows disk size units. */
  units?: true;
}

/** Names of the deliberate differences; DEVIATIONS.md tells each. */
export const reasons = [
  'empty-value',
  'unsafe-name',
  'size-zero',
  'trimmed-value',
  'comment-in-text',
  'unfetchable-url',
  'include-elsewhere',
  'merge-is-checked',
  'content-later',
  'bytes-as-they-are',
  'control-character',
  'guest-file-name',
  'destination-in-iso',
  'encoding-declaration',
  'include-as-text',
  'size-rounded',
  'localhost-later',
] as const;
export type Reason = (typeof reasons)[number];

interface Parts {
  name?: string;
  os?: string;
  osName?: string;
  version?: string;
  arch?: string;
  install?: string;
  inOs?: string;
  rest?: string;
  attributes?: string;
  before?: string;
}

const urlInstall = "<install type='url'><url>http://mirror.example/debian/</url></install>";
const isoInstall = (inner = '') =>
  `<install type='iso'><iso>http://mirror.example/debian.iso</iso>${inner}</install>`;

/** A template that is good unless a part of it is replaced. */
export function template(parts: Parts = {}): string {
  const {
    name = '<name>thirteen</name>',
    osName = '<name>Debian</name>',
    version = '<version>13</version>',
    arch = '<arch>x86_64</arch>',
    install = urlInstall,
    inOs = '',
    rest = '',
    attributes = '',
    before = '',
  } = parts;
  const os = parts.os ?? `<os>${osName}${version}${arch}${install}${inOs}</os>`;
  return `${before}<template${attributes}>\n  ${name}\n  ${os}\n  ${rest}\n</template>\n`;
}

const xi = "xmlns:xi='http://www.w3.org/2001/XInclude'";
const whole = (name: string, parts: Parts, more: Partial<TdlCase> = {}): TdlCase => ({
  name,
  text: template(parts),
  ...more,
});
const rest = (name: string, text: string, more: Partial<TdlCase> = {}) =>
  whole(name, { rest: text }, more);
const inOs = (name: string, text: string, more: Partial<TdlCase> = {}) =>
  whole(name, { inOs: text }, more);
const size = (text: string, more: Partial<TdlCase> = {}) =>
  rest(`disk size '${text}'`, `<disk><size>${text}</size></disk>`, more);
const repository = (url: string, more: Partial<TdlCase> = {}) =>
  rest(
    `repository at ${url}`,
    `<repositories><repository name='r'><url>${url}</url></repository></repositories>`,
    more,
  );
const file = (name: string, attributes: string, content: string, more: Partial<TdlCase> = {}) =>
  rest(name, `<files><file ${attributes}>${content}</file></files>`, more);
const command = (name: string, attributes: string, content: string, more: Partial<TdlCase> = {}) =>
  rest(name, `<commands><command ${attributes}>${content}</command></commands>`, more);
const positions = (name: string, given: (string | undefined)[], more: Partial<TdlCase> = {}) =>
  rest(
    name,
    `<commands>${given
      .map(
        (p, i) =>
          `<command name='c${i}'${p === undefined ? '' : ` position='${p}'`}>echo ${i}</command>`,
      )
      .join('')}</commands>`,
    more,
  );

const documents: TdlCase[] = [
  whole('smallest', {}),
  whole('version 1.0', { attributes: " version='1.0'" }),
  whole('version with blanks', { attributes: " version=' 1.0 '" }),
  whole('version 2.0', { attributes: " version='2.0'" }),
  whole('version 0.9', { attributes: " version='0.9'" }),
  whole('version empty', { attributes: " version=''" }),
  whole('unknown attribute', { attributes: " color='red'" }),
  whole('declaration', { before: "<?xml version='1.0'?>\n" }),
  ...['UTF-8', 'ISO-8859-1', 'UTF-16', 'x-unknown'].map((encoding) =>
    whole(
      `declared as ${encoding}, is UTF-8`,
      {
        before: `<?xml version='1.0' encoding='${encoding}'?>\n`,
        rest: '<description>Größe</description>',
      },
      { reason: 'encoding-declaration' },
    ),
  ),
  whole('XML 1.1', { before: "<?xml version='1.1'?>\n" }),
  { name: 'byte order mark', text: `\uFEFF${template()}` },
  {
    name: 'is Latin-1',
    text: Buffer.from(template({ rest: '<description>\xe4</description>' }), 'latin1'),
  },
  { name: 'NUL byte', text: template().replace('13', '1\u0000') },
  {
    name: 'carriage returns',
    text: template({ rest: '<description>a\nb</description>' }).replaceAll('\n', '\r\n'),
  },
  { name: 'empty file', text: '' },
  { name: 'no XML', text: 'hello' },
  { name: 'cut short', text: template().slice(0, 100) },
  { name: 'tags crossed', text: template().replace('</name>', '</os>') },
  { name: 'two roots', text: template() + template() },
  { name: 'text after the root', text: `${template()}tail` },
  { name: 'comment after the root', text: `${template()}<!-- tail -->` },
  { name: 'another root', text: '<image/>' },
  { name: 'a fragment as root', text: '<packages/>' },
  { name: 'empty template', text: '<template/>' },
  whole('in a namespace', { attributes: " xmlns='urn:tdl'" }),
  whole('unused namespace', { attributes: " xmlns:x='urn:x'" }),
  whole('text between elements', { rest: 'hello' }),
  whole('non-breaking space between elements', { rest: '\u00a0' }),
  whole('comment between elements', { rest: '<!-- hello -->' }),
  whole('processing instruction', { rest: '<?editor on?>' }),
  whole('xml:base of its own', { attributes: " xml:base='http://h/'" }),
  whole('xml:lang', { attributes: " xml:lang='en'" }),
  whole('deep nesting', { rest: '<a>'.repeat(300) + '</a>'.repeat(300) }),
  whole('os before name', { name: '', rest: '<name>last</name>' }),
];

const identity: TdlCase[] = [
  whole('no name', { name: '' }),
  whole('two names', { name: '<name>a</name><name>b</name>' }),
  whole('empty name', { name: '<name/>' }, { reason: 'empty-value' }),
  whole('blank name', { name: '<name>  </name>' }, { reason: 'empty-value' }),
  whole('name with a slash', { name: '<name>a/b</name>' }, { reason: 'unsafe-name' }),
  whole('name that climbs', { name: '<name>../../etc/passwd</name>' }, { reason: 'unsafe-name' }),
  whole('name ..', { name: '<name>..</name>' }, { reason: 'unsafe-name' }),
  whole('name .', { name: '<name>.</name>' }, { reason: 'unsafe-name' }),
  whole('name with a line break', { name: '<name>a\nb</name>' }, { reason: 'unsafe-name' }),
  whole(
    'name with a delete character',
    { name: '<name>a&#127;b</name>' },
    { reason: 'unsafe-name' },
  ),
  whole('name that reads backwards', { name: '<name>a\u202eb</name>' }, { reason: 'unsafe-name' }),
  whole(
    'name of 300 letters',
    { name: `<name>${'x'.repeat(300)}</name>` },
    { reason: 'unsafe-name' },
  ),
  whole('name with blanks around', { name: '<name> a </name>' }, { reason: 'trimmed-value' }),
  whole('name on its own line', { name: '<name>\n  a\n  </name>' }, { reason: 'trimmed-value' }),
  whole('name with shell characters', { name: "<name>a;b$(c)`d`'e</name>" }),
  whole('name with a blank', { name: '<name>my image</name>' }),
  whole('name with an umlaut', { name: '<name>größe</name>' }),
  whole('name as CDATA', { name: '<name><![CDATA[a&b]]></name>' }),
  whole('name with an element', { name: '<name>a<b/></name>' }),
  whole(
    'name split by a comment',
    { name: '<name>a<!-- x -->b</name>' },
    { reason: 'comment-in-text' },
  ),
  whole(
    'name after a comment',
    { name: '<name><!-- x -->b</name>' },
    { reason: 'comment-in-text' },
  ),
  whole('no os', { os: '' }),
  whole('two os', { os: '<os/><os/>' }),
  whole('no os name', { osName: '' }),
  whole('empty os name', { osName: '<name/>' }, { reason: 'empty-value' }),
  whole('os name with a slash', { osName: '<name>a/b</name>' }, { reason: 'unsafe-name' }),
  whole(
    'os name with blanks around',
    { osName: '<name> Debian </name>' },
    { reason: 'trimmed-value' },
  ),
  whole('no version', { version: '' }),
  whole('empty version', { version: '<version/>' }, { reason: 'empty-value' }),
  whole('version that climbs', { version: '<version>../9</version>' }, { reason: 'unsafe-name' }),
  whole('version rawhide', { version: '<version>rawhide</version>' }),
  whole('no arch', { arch: '' }),
  ...[
    'i386',
    'x86_64',
    'ppc64',
    'ppc64le',
    'aarch64',
    'armv7l',
    's390x',
    'sparc',
    'X86_64',
    'amd64',
    '',
  ].map((arch) => whole(`arch '${arch}'`, { arch: `<arch>${arch}</arch>` })),
  whole('arch with blanks around', { arch: '<arch> x86_64 </arch>' }),
  rest('description', '<description>  A <![CDATA[<b>]]> &amp; c\n </description>'),
  rest('empty description', '<description/>'),
  rest('two descriptions', '<description/><description/>'),
  inOs('root password', '<rootpw>s3cret</rootpw>'),
  inOs('root password with blanks', '<rootpw> s3 cret </rootpw>'),
  inOs('empty root password', '<rootpw/>'),
  inOs('root password over two lines', '<rootpw>a\nb</rootpw>', { reason: 'control-character' }),
  inOs('root password that is required', '<rootpw>a</rootpw>', { rootpw: true }),
  whole('root password missing', {}, { rootpw: true }),
  inOs('key', '<key>AAAA-BBBB</key>'),
  inOs('empty key', '<key/>'),
  inOs('key over two lines', '<key>a\nb</key>', { reason: 'control-character' }),
  inOs('kernel parameter', '<kernelparam>net.ifnames=0 quiet</kernelparam>'),
  inOs('kernel parameter over lines', '<kernelparam>\n a\n b\n</kernelparam>', {
    reason: 'trimmed-value',
  }),
  inOs('icicle command', '<icicle><extra_command>rpm -qi</extra_command></icicle>'),
  inOs('icicle without command', '<icicle/>'),
  inOs('icicle with another element', '<icicle><command>a</command></icicle>'),
  inOs('unknown element in os', '<colour>red</colour>'),
];

const install: TdlCase[] = [
  whole('no install', { install: '' }),
  whole('two installs', { install: urlInstall + urlInstall }),
  whole('install without type', { install: '<install><url>http://h/</url></install>' }),
  whole('install type disk', { install: "<install type='disk'><url>http://h/</url></install>" }),
  whole('install type with blanks', {
    install: "<install type=' url '><url>http://h/</url></install>",
  }),
  whole('type iso with url', { install: "<install type='iso'><url>http://h/</url></install>" }),
  whole('type url with iso', { install: "<install type='url'><iso>http://h/</iso></install>" }),
  whole('url and iso', {
    install: "<install type='url'><url>http://h/</url><iso>http://h/</iso></install>",
  }),
  whole(
    'empty url',
    { install: "<install type='url'><url/></install>" },
    { reason: 'empty-value' },
  ),
  whole(
    'url on its own line',
    { install: "<install type='url'><url>\n http://h/ \n</url></install>" },
    { reason: 'trimmed-value' },
  ),
  whole(
    'url without scheme',
    { install: "<install type='url'><url>/srv/tree</url></install>" },
    { reason: 'unfetchable-url' },
  ),
  whole(
    'url of a scheme nobody fetches',
    { install: "<install type='url'><url>gopher://h/</url></install>" },
    { reason: 'unfetchable-url' },
  ),
  whole('url on localhost', {
    install: "<install type='url'><url>http://localhost/tree</url></install>",
  }),
  whole('url on ftp', { install: "<install type='url'><url>ftp://h/tree</url></install>" }),
  whole('iso', { install: isoInstall() }),
  whole('iso in a file', {
    install: "<install type='iso'><iso>file:///srv/debian.iso</iso></install>",
  }),
  whole('iso on localhost', {
    install: "<install type='iso'><iso>http://localhost/debian.iso</iso></install>",
  }),
  whole(
    'empty iso',
    { install: "<install type='iso'><iso></iso></install>" },
    { reason: 'empty-value' },
  ),
  ...['md5sum', 'sha1sum', 'sha256sum'].map((sum) =>
    whole(`iso with ${sum}`, { install: isoInstall(`<${sum}>http://h/SUMS</${sum}>`) }),
  ),
  whole('checksum before iso', {
    install: "<install type='iso'><md5sum>http://h/S</md5sum><iso>http://h/i</iso></install>",
  }),
  whole('empty checksum', { install: isoInstall('<md5sum/>') }, { reason: 'empty-value' }),
  whole(
    'checksum itself, no URL',
    { install: isoInstall(`<md5sum>${'0'.repeat(32)}</md5sum>`) },
    { reason: 'unfetchable-url' },
  ),
  whole('two checksums', {
    install: isoInstall('<md5sum>http://h/a</md5sum><sha1sum>http://h/b</sha1sum>'),
  }),
  whole('the same checksum twice', {
    install: isoInstall('<md5sum>http://h/a</md5sum><md5sum>http://h/b</md5sum>'),
  }),
  whole('sha512sum', { install: isoInstall('<sha512sum>http://h/a</sha512sum>') }),
  whole('url with checksum', {
    install: "<install type='url'><url>http://h/</url><md5sum>http://h/a</md5sum></install>",
  }),
  whole('extras', {
    install: isoInstall(
      "<extras><file source='http://h/f' destination='a/f'/><directory source='ftp://h/d' destination='b'/></extras>",
    ),
  }),
  whole('extras for a url install', {
    install:
      "<install type='url'><url>http://h/</url><extras><file source='http://h/f' destination='a'/></extras></install>",
  }),
  whole('extras before iso', {
    install:
      "<install type='iso'><extras><file source='http://h/f' destination='a'/></extras><iso>http://h/i</iso></install>",
  }),
  whole('empty extras', { install: isoInstall('<extras/>') }),
  whole('extra without source', {
    install: isoInstall("<extras><file destination='a'/></extras>"),
  }),
  whole('extra without destination', {
    install: isoInstall("<extras><file source='http://h/f'/></extras>"),
  }),
  whole(
    'extra that climbs',
    {
      install: isoInstall("<extras><file source='http://h/f' destination='../../etc/x'/></extras>"),
    },
    { reason: 'destination-in-iso' },
  ),
  whole(
    'extra with an absolute destination',
    { install: isoInstall("<extras><file source='http://h/f' destination='/etc/x'/></extras>") },
    { reason: 'destination-in-iso' },
  ),
  whole('extra with text', {
    install: isoInstall("<extras><file source='http://h/f' destination='a'>text</file></extras>"),
  }),
];

const customisation: TdlCase[] = [
  rest('no package', '<packages/>'),
  rest('packages', "<packages><package name='a'/><package name='b'/></packages>"),
  rest('two lists of packages', '<packages/><packages/>'),
  rest('the same package twice', "<packages><package name='a'/><package name='a'/></packages>"),
  rest(
    'package with everything',
    "<packages><package name='a'><arguments>--x</arguments><file>f</file><repository>r</repository></package></packages>",
  ),
  rest('package with empty parts', "<packages><package name='a'><file/></package></packages>"),
  rest('package without name', '<packages><package/></packages>'),
  rest('package with empty name', "<packages><package name=''/></packages>", {
    reason: 'empty-value',
  }),
  rest('package with a line break', "<packages><package name='a&#10;b'/></packages>", {
    reason: 'control-character',
  }),
  rest('package with text', "<packages><package name='a'>text</package></packages>"),
  rest(
    'package with two files',
    "<packages><package name='a'><file>f</file><file>g</file></package></packages>",
  ),
  rest('no repository', '<repositories/>'),
  rest(
    'repository',
    "<repositories><repository name='r'><url>http://h/r</url></repository></repositories>",
  ),
  rest(
    'repository without name',
    '<repositories><repository><url>http://h/r</url></repository></repositories>',
  ),
  rest(
    'repository with empty name',
    "<repositories><repository name=''><url>http://h/r</url></repository></repositories>",
    { reason: 'empty-value' },
  ),
  rest(
    'repository name that climbs',
    "<repositories><repository name='../x'><url>http://h/r</url></repository></repositories>",
    { reason: 'unsafe-name' },
  ),
  rest('repository without url', "<repositories><repository name='r'/></repositories>"),
  rest(
    'repository with empty url',
    "<repositories><repository name='r'><url/></repository></repositories>",
    { reason: 'empty-value' },
  ),
  rest(
    'the same repository twice',
    "<repositories><repository name='r'><url>http://h/1</url></repository><repository name='s'><url>http://h/2</url></repository><repository name='r'><url>http://h/3</url></repository></repositories>",
  ),
  ...['yes', 'no', 'true', 'false', 'YES', 'tRuE', '1', 'on', '', ' yes '].map((flag) =>
    rest(
      `repository signed '${flag}'`,
      `<repositories><repository name='r'><url>http://h/r</url><signed>${flag}</signed></repository></repositories>`,
    ),
  ),
  rest(
    'repository with all flags',
    "<repositories><repository name='r'><signed>yes</signed><persisted>no</persisted><sslverify>true</sslverify><url>https://h/r</url></repository></repositories>",
  ),
  repository('ppa:user/archive'),
  repository('deb http://h/debian trixie main'),
  repository('http://localhost/r', { reason: 'localhost-later' }),
  repository('http://127.0.0.1/r', { reason: 'localhost-later' }),
  repository('http://localhost.localdomain/r', { reason: 'localhost-later' }),
  repository('http://127.0.0.1:80/r'),
  repository('http://[::1]/r'),
  repository('http://user:pw@h/r'),
  rest('no file', '<files/>'),
  file('file', "name='/etc/motd'", '\n  hello\n  there  \n'),
  file('file raw', "name='/etc/motd' type='raw'", 'hello'),
  file('file type with blanks', "name='/etc/motd' type=' raw '", 'hello'),
  file('file base64', "name='/etc/motd' type='base64'", 'aGVsbG8K'),
  file(
    'file base64, all bytes',
    "name='/x' type='base64'",
    Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('base64'),
  ),
  ...[
    'YQ==',
    'YQ=',
    'YQ',
    'Y',
    'YWI=',
    'YWI',
    'YWJj',
    'YWJj=',
    'YWJj==',
    'YWI==',
    'YQ===',
    'Y===',
    '=',
    'YQ==YQ==',
  ].map((text) => file(`file base64 '${text}'`, "name='/x' type='base64'", text)),
  file('file base64 in lines', "name='/x' type='base64'", 'aGVs\nbG8K'),
  file('file base64 with blanks around', "name='/x' type='base64'", ' aGVsbG8K '),
  file('file base64 empty', "name='/x' type='base64'", ''),
  file('file base64 blank', "name='/x' type='base64'", ' \n '),
  file('file base64 with -', "name='/x' type='base64'", 'abc-'),
  file('file empty', "name='/x'", ''),
  file('file blank', "name='/x'", '  \n '),
  file('file with non-breaking spaces', "name='/x'", '\u00a0\u3000hello\u2028\u0085'),
  file('file with a zero-width no-break space', "name='/x'", '\ufeffhello\ufeff'),
  file('file with umlauts and CDATA', "name='/x'", '<![CDATA[<ä>]]>&amp;&#xe4;&#x1F600;'),
  file('file with a comment inside', "name='/x'", 'a<!-- b -->c', { reason: 'comment-in-text' }),
  file('file with a comment first', "name='/x'", '<!-- b -->c', { reason: 'comment-in-text' }),
  file('file with an element', "name='/x'", 'a<b/>'),
  file('file type hex', "name='/x' type='hex'", '00'),
  file('file without name', "type='raw'", 'a'),
  file('file with empty name', "name=''", 'a', { reason: 'guest-file-name' }),
  file('file named like a directory', "name='/etc/'", 'a', { reason: 'guest-file-name' }),
  file('file with a line break in its name', "name='/etc/a&#10;b'", 'a', {
    reason: 'guest-file-name',
  }),
  file('file with a relative name', "name='motd'", 'a'),
  file('file from http', "name='/x' type='url'", ' http://h/f '),
  file('file from nowhere', "name='/x' type='url'", ''),
  file('file from another scheme', "name='/x' type='url'", 'gopher://h/f'),
  file('file from ftp', "name='/x' type='url'", 'ftp://h/f', { reason: 'content-later' }),
  file('file from a file', "name='/x' type='url'", 'file://content.txt', {
    files: { 'content.txt': 'hello\n' },
  }),
  file('file from ./file', "name='/x' type='url'", 'file://./content.txt', {
    files: { 'content.txt': 'hello\n' },
  }),
  file('file from file:relative', "name='/x' type='url'", 'file:content.txt', {
    files: { 'content.txt': 'hello\n' },
  }),
  file('file from a subdirectory', "name='/x' type='url'", 'file://sub/content.txt', {
    files: { 'sub/content.txt': 'ä' },
  }),
  file('file from a name with %20', "name='/x' type='url'", 'file://a%20b', {
    files: { 'a%20b': 'x' },
  }),
  file('file from a URL with query', "name='/x' type='url'", 'file://content.txt?x#y', {
    files: { 'content.txt': 'hello' },
  }),
  file('file from a missing file', "name='/x' type='url'", 'file:///nowhere/at/all'),
  file('file from a directory', "name='/x' type='url'", 'file:///etc'),
  file('file from binary', "name='/x' type='url'", 'file://b', {
    files: { b: Buffer.from([0xff, 0]) },
    reason: 'bytes-as-they-are',
  }),
  file('file from DOS text', "name='/x' type='url'", 'file://b', {
    files: { b: 'a\r\nb\r\n' },
    reason: 'bytes-as-they-are',
  }),
  rest(
    'the same file twice',
    "<files><file name='/a'>1</file><file name='/b'>2</file><file name='/a'>3</file></files>",
  ),
];

const commands: TdlCase[] = [
  rest('no command', '<commands/>'),
  command('command', "name='c'", '\n echo a\n echo b\n'),
  command('command raw', "name='c' type='raw'", 'echo a'),
  command('command base64', "name='c' type='base64'", 'ZWNobyBh'),
  command('command base64 empty', "name='c' type='base64'", ''),
  command('command base64 cut short', "name='c' type='base64'", 'ZWNobyB'),
  command('command type hex', "name='c' type='hex'", 'a'),
  command('command empty', "name='c'", ''),
  command('command blank', "name='c'", ' \n '),
  command('command of a comment only', "name='c'", '<!-- a -->'),
  command('command after a comment', "name='c'", '<!-- a -->echo', { reason: 'comment-in-text' }),
  command('command without name', '', 'a'),
  command('command with empty name', "name=''", 'a'),
  command('command with a line break in its name', "name='a&#10;b'", 'a', {
    reason: 'control-character',
  }),
  command('command from http', "name='c' type='url'", 'http://h/c'),
  command('command from https', "name='c' type='url'", 'https://h/c'),
  command('command from a file', "name='c' type='url'", 'file://./c.sh', {
    files: { 'c.sh': 'echo a\n' },
  }),
  command('command from no URL', "name='c' type='url'", ' '),
  rest(
    'precommands',
    "<precommands><command name='p' position='2'>b</command><command name='q' position='1'>a</command></precommands>",
  ),
  rest('file in commands', "<commands><file name='c'>a</file></commands>"),
  positions('positions in order', ['1', '2', '3']),
  positions('positions out of order', ['3', '1', '2']),
  positions('position with a zero', ['01', '2']),
  positions(
    'more than nine positions',
    Array.from({ length: 12 }, (_, i) => String(12 - i)),
  ),
  positions('one position twice', ['1', '1']),
  positions('a position left out', ['1', '3']),
  positions('positions from 0', ['0', '1']),
  positions('positions for some', ['1', undefined]),
  positions('positions for others', [undefined, '1']),
  positions('position empty', ['']),
  positions('position -1', ['-1']),
  positions('position 1.0', ['1.0']),
  positions('position x', ['x']),
  positions('position beyond all numbers', ['1'.repeat(40)]),
];

const sizes: TdlCase[] = [
  ...['10', '10G', '2T', '10 G', '1', '007', '10 '].map((s) => size(s)),
  size('', { reason: 'empty-value' }),
  ...['0', '0G', '000T'].map((s) => size(s, { reason: 'size-zero' })),
  ...['0B', '0GiB', '0kb'].map((s) => size(s, { reason: 'size-zero', units: true })),
  ...[
    '10g',
    '3t',
    '10B',
    '10b',
    '512kB',
    '512KiB',
    '100MB',
    '100mib',
    '10GB',
    '10GiB',
    '10 gib',
    '1TB',
    '1TiB',
    '1PB',
    '1PiB',
    '16EiB',
    '5EB',
    '2ZB',
    '1ZiB',
    '1YiB',
  ].map((s) => size(s, { units: true })),
  size('1YB', { units: true, reason: 'size-rounded' }),
  ...[
    '-1',
    '1.5G',
    '1,5',
    'G',
    ' 10',
    '10 GG',
    '10 X',
    '1e3',
    '0x10',
    '10k',
    '10M',
    '10i',
    '10ib',
    '10Gi',
    '1 0',
    '١٠',
  ].map((s) => size(s)),
  rest('disk without size', '<disk/>'),
  rest('disk with two sizes', '<disk><size>1</size><size>2</size></disk>'),
  rest('disk size with a line break', '<disk><size>\n10\n</size></disk>'),
];

const xinclude: TdlCase[] = [
  rest('include beside the TDL', `<xi:include ${xi} href='p.xml'/>`, {
    files: { 'p.xml': "<packages><package name='a'/></packages>" },
  }),
  rest('include in a subdirectory', `<xi:include ${xi} href='sub/p.xml'/>`, {
    files: { 'sub/p.xml': '<packages/>' },
    reason: 'include-elsewhere',
  }),
  rest('include of a missing file', `<xi:include ${xi} href='no.xml'/>`),
  rest(
    'include with fallback',
    `<xi:include ${xi} href='no.xml'><xi:fallback><packages/></xi:fallback></xi:include>`,
  ),
  rest(
    'include with empty fallback',
    `<xi:include ${xi} href='no.xml'><xi:fallback/></xi:include>`,
  ),
  rest('include over http', `<xi:include ${xi} href='http://127.0.0.1:1/p.xml'/>`),
  rest('include of broken XML', `<xi:include ${xi} href='p.xml'/>`, {
    files: { 'p.xml': '<packages>' },
  }),
  rest('include of the wrong element', `<xi:include ${xi} href='p.xml'/>`, {
    files: { 'p.xml': '<pakages/>' },
  }),
  rest('include of itself', `<xi:include ${xi} href='test.tdl'/>`),
  rest(
    'include as text',
    `<commands><command name='c'><xi:include ${xi} href='c.sh' parse='text'/></command></commands>`,
    { files: { 'c.sh': 'echo <&>\n' }, reason: 'include-as-text' },
  ),
  rest(
    'include as text between texts',
    `<commands><command name='c'>a <xi:include ${xi} href='c.sh' parse='text'/> b</command></commands>`,
    { files: { 'c.sh': 'x' }, reason: 'include-as-text' },
  ),
  rest(
    'include by pointer',
    `<packages><xi:include ${xi} href='p.xml' xpointer='xpointer(/packages/package)'/></packages>`,
    {
      files: { 'p.xml': "<packages><package name='a'/><package name='b'/></packages>" },
    },
  ),
  rest('include within an include', `<xi:include ${xi} href='p.xml'/>`, {
    files: {
      'p.xml': `<packages><xi:include ${xi} href='q.xml'/></packages>`,
      'q.xml': "<package name='deep'/>",
    },
  }),
  rest('include of a name with a blank', `<xi:include ${xi} href='a b.xml'/>`, {
    files: { 'a b.xml': '<packages/>' },
    reason: 'include-elsewhere',
  }),
  rest('include without href', `<xi:include ${xi}/>`),
  rest(
    'include in the old namespace',
    "<xi:include xmlns:xi='http://www.w3.org/2003/XInclude' href='p.xml'/>",
    { files: { 'p.xml': '<packages/>' } },
  ),
];

const doctype = (body: string) => `<!DOCTYPE template [${body}]>\n`;
const laughs = Array.from(
  { length: 10 },
  (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`,
).join('');

const entities: TdlCase[] = [
  whole('entity', {
    before: doctype('<!ENTITY suite "trixie">'),
    rest: '<description>&suite;</description>',
  }),
  whole('entity that holds an element', {
    before: doctype("<!ENTITY p '<packages/>'>"),
    rest: '&p;',
  }),
  whole('entity in an attribute', {
    before: doctype('<!ENTITY n "vim">'),
    rest: "<packages><package name='&n;'/></packages>",
  }),
  whole('entity that is not declared', { rest: '<description>&nbsp;</description>' }),
  whole(
    'external entity',
    { before: doctype('<!ENTITY x SYSTEM "x.txt">'), rest: '<description>&x;</description>' },
    { files: { 'x.txt': 'stolen' } },
  ),
  whole('external entity, absolute', {
    before: doctype('<!ENTITY x SYSTEM "file:///etc/hostname">'),
    rest: '<description>&x;</description>',
  }),
  whole('external parameter entity', {
    before: doctype('<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;'),
  }),
  {
    name: 'external DTD',
    text: `<!DOCTYPE template SYSTEM "http://127.0.0.1:1/t.dtd">${template()}`,
  },
  whole('billion laughs', {
    before: doctype(`<!ENTITY l0 "lol">${laughs}`),
    rest: '<description>&l9;</description>',
  }),
  whole('entity loop', {
    before: doctype('<!ENTITY a "&b;"><!ENTITY b "&a;">'),
    rest: '<description>&a;</description>',
  }),
  whole('default attribute from a DTD', {
    before: doctype('<!ATTLIST package name CDATA "vim">'),
    rest: '<packages><package/></packages>',
  }),
];

const merges: TdlCase[] = [
  rest('merge of packages', "<packages><package name='a'/><package name='b'/></packages>", {
    mergePackages: [
      "<packages><package name='c'/><package name='a'><file>f</file></package></packages>",
    ],
  }),
  rest(
    'merge of packages named twice',
    "<packages><package name='a'/><package name='a'/></packages>",
    {
      mergePackages: [
        "<packages><package name='b'/><package name='a'/><package name='b'/></packages>",
      ],
    },
  ),
  whole(
    'merge into no packages',
    {},
    { mergePackages: ["<packages><package name='c'/></packages>"] },
  ),
  whole('merge of no packages', {}, { mergePackages: ['<packages/>'] }),
  whole(
    'merge of a package without name',
    {},
    { mergePackages: ['<packages><package/></packages>'] },
  ),
  whole(
    'merge of another document',
    {},
    { mergePackages: ['<repositories/>'], reason: 'merge-is-checked' },
  ),
  whole(
    'merge of unknown elements',
    {},
    { mergePackages: ['<packages><pakage/></packages>'], reason: 'merge-is-checked' },
  ),
  whole('merge of broken XML', {}, { mergePackages: ['<packages>'] }),
  rest(
    'merge of repositories',
    "<repositories><repository name='a'><url>http://h/1</url></repository><repository name='b'><url>http://h/2</url></repository></repositories>",
    {
      mergeRepositories: [
        "<repositories><repository name='c'><url>http://h/3</url></repository><repository name='a'><url>http://h/4</url><signed>yes</signed></repository></repositories>",
      ],
    },
  ),
  whole(
    'merge of a repository without url',
    {},
    { mergeRepositories: ["<repositories><repository name='a'/></repositories>"] },
  ),
  whole(
    'merge of a repository with a bad flag',
    {},
    {
      mergeRepositories: [
        "<repositories><repository name='a'><url>http://h/</url><signed>maybe</signed></repository></repositories>",
      ],
    },
  ),
];

export const corpus: TdlCase[] = [
  ...documents,
  ...identity,
  ...install,
  ...customisation,
  ...commands,
  ...sizes,
  ...xinclude,
  ...entities,
  ...merges,
];
