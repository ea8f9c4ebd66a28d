import { describe, expect, it } from 'vitest';
import type { CommandSpec, OptionTable } from '../../src/cli/option-table.ts';
import {
  ozCleanupCache,
  ozCustomize,
  ozGenerateIcicle,
  ozInstall,
  ozPlan,
} from '../../src/cli/options.ts';
import { parseCommandLine } from '../../src/cli/parse-args.ts';

const parse = <O extends OptionTable>(spec: CommandSpec<O>, line: string) =>
  parseCommandLine(spec, line.split(' ').filter(Boolean));

const usage = (message: string | RegExp) =>
  expect.objectContaining({
    code: 'OZ_USAGE',
    exitCode: 2,
    message: message instanceof RegExp ? expect.stringMatching(message) : message,
  });

const installLines: [string, string, string, unknown][] = [
  ['-a', '--auto', 'auto', 'p.cfg'],
  ['-b', '--disk-bus', 'diskBus', 'ide'],
  ['-c', '--config', 'config', 'my.cfg'],
  ['-d', '--debug', 'debug', 3],
  ['-f', '--force-download', 'forceDownload', true],
  ['-g', '--generate-icicle', 'generateIcicle', true],
  ['-h', '--help', 'help', true],
  ['-i', '--icicle', 'icicle', 'out.icicle'],
  ['-m', '--mac-address', 'macAddress', '52:54:00:12:34:56'],
  ['-n', '--network-device', 'networkDevice', 'e1000'],
  ['-p', '--cleanup', 'cleanup', true],
  ['-s', '--disk', 'disk', '/srv/x.qcow2'],
  ['-t', '--timeout', 'timeout', 60],
  ['-u', '--customize', 'customize', true],
  ['-x', '--xmlfile', 'xmlfile', 'out.xml'],
  ['', '--json', 'json', true],
  ['', '--backend', 'backend', 'libvirt'],
  ['', '--on-error', 'onError', 'keep'],
  ['', '--progress', 'progress', 'plain'],
  ['', '--color', 'color', 'never'],
  ['', '--version', 'version', true],
];

const workKeys = ['color', 'config', 'debug', 'help', 'json', 'backend', 'onError', 'progress'];
const customizeKeys = [...workKeys, 'macAddress'];
const icicleKeys = [...workKeys, 'icicle'];
const planKeys = installLines.map(([, , key]) => key);

const commands: { spec: CommandSpec<OptionTable>; operands: string; keys: string[] }[] = [
  { spec: ozInstall, operands: 'x.tdl', keys: planKeys },
  { spec: ozCustomize, operands: 'x.tdl x.xml', keys: [...customizeKeys, 'version'] },
  { spec: ozGenerateIcicle, operands: 'x.tdl x.xml', keys: [...icicleKeys, 'version'] },
  {
    spec: ozCleanupCache,
    operands: '',
    keys: ['color', 'config', 'debug', 'help', 'backend', 'version'],
  },
  {
    spec: ozPlan,
    operands: 'x.tdl',
    keys: planKeys.filter((key) => key !== 'onError' && key !== 'progress'),
  },
];

describe.each(commands)('$spec.name', ({ spec, operands, keys }) => {
  const lines = installLines.filter(([, , key]) => keys.includes(key));

  it.each(lines.filter(([short]) => short))('takes %s (%s)', (short, _long, key, value) => {
    const text = value === true ? short : `${short} ${value}`;
    const { options, operands: found } = parse(spec, `${text} ${operands}`);
    expect(options).toMatchObject({ [key]: value });
    expect(found.join(' ')).toBe(operands);
  });

  it.each(lines)('takes %s %s before and after the arguments', (_short, long, key, value) => {
    const text = value === true ? long : `${long}=${value}`;
    const apart = value === true ? long : `${long} ${value}`;
    expect(parse(spec, `${text} ${operands}`).options).toMatchObject({ [key]: value });
    expect(parse(spec, `${operands} ${apart}`).options).toMatchObject({ [key]: value });
  });

  it('leaves what is not given false or undefined', () => {
    for (const [key, value] of Object.entries(parse(spec, operands).options))
      expect([key, value || undefined]).toEqual([key, undefined]);
  });

  it('has just these options', () => {
    const extra = spec === ozCleanupCache ? ['force', 'yes'] : [];
    expect(Object.keys(spec.options).sort()).toEqual([...keys, ...extra].sort());
  });

  it('refuses one argument too many', () => {
    expect(() => parse(spec, `${operands} more`)).toThrow(usage("unexpected argument 'more'"));
  });

  it('suggests the nearest option', () => {
    expect(() => parse(spec, `--confog=x ${operands}`)).toThrow(
      expect.objectContaining({
        message: "unknown option '--confog'",
        hint: 'did you mean --config?',
      }),
    );
  });
});

describe('arguments', () => {
  it.each([
    [ozInstall, '', '<tdl>'],
    [ozPlan, '', '<tdl>'],
    [ozCustomize, 'x.tdl', '<libvirt_xml_file>'],
    [ozGenerateIcicle, 'x.tdl', '<libvirt_xml_file>'],
  ] as const)('%#: a missing one is named', (spec, line, name) => {
    expect(() => parse(spec as CommandSpec<OptionTable>, line)).toThrow(
      usage(`the ${name} argument is missing`),
    );
  });

  it('are not looked at when help is asked for', () => {
    expect(parse(ozInstall, '-h a b c').options.help).toBe(true);
  });
});

describe('oz-cleanup-cache', () => {
  it.each(['-f', '--force', '--forc', '-fd1'])('takes %s', (line) => {
    expect(parse(ozCleanupCache, line).options.force).toBe(true);
  });
});

describe('values', () => {
  it.each([
    ['0', 0],
    ['4', 4],
    ['9', 4],
    ['+2', 2],
  ])('-d %s is level %s', (text, level) => {
    expect(parse(ozInstall, `-d ${text} x`).options.debug).toBe(level);
  });

  it('the last of two counts', () => {
    expect(parse(ozInstall, '-d1 -d3 x').options.debug).toBe(3);
  });

  it('a MAC address is written in lower case', () => {
    expect(parse(ozInstall, '-m 52:54:00:AB:CD:EF x').options.macAddress).toBe('52:54:00:ab:cd:ef');
  });

  it.each([
    ['-d x', /debug level 'x'/],
    ['-d -1', /debug level '-1'/],
    ['-d 1.5', /debug level/],
    ['-t 0', /timeout '0'/],
    ['-t -5', /timeout/],
    ['-t 1e3', /timeout/],
    ['-t ten', /timeout 'ten'/],
    ['-t 99999999999', /timeout/],
    ['-m 52:54:00', /not a MAC address/],
    ['-m 52-54-00-12-34-56', /not a MAC address/],
    ["-m '/><x/>", /not a MAC address/],
    ['-m 53:54:00:12:34:56', /multicast/],
    ['-m 00:00:00:00:00:00', /all zeros/],
    ['-m 52:54:00:12:34:5g', /not a MAC address/],
    ['-b floppy', /not a disk bus/],
    ['-n e1000,netdev=x', /not a network device/],
    ['-n ../x', /not a network device/],
    ['--backend=xen', /not a backend/],
    ['--on-error=abort', /not a choice for --on-error/],
    ['--progress=fancy', /progress/],
    ['-i /tmp/', /is a directory/],
    ['-x ..', /is a directory/],
    ['-x .', /is a directory/],
    ['-s /', /is a directory/],
    ['--config=', /file name is empty/],
    ['-s x\0y', /null character/],
  ])('%j is refused', (line, message) => {
    expect(() => parse(ozInstall, `${line} x.tdl`)).toThrow(usage(message));
  });
});
