import { describe, expect, it } from 'vitest';
import { type OptionNames, readArguments } from '../../src/cli/getopt.ts';

const known: OptionNames[] = [
  { long: 'auto', short: 'a', takesValue: true },
  { long: 'disk-bus', short: 'b', takesValue: true },
  { long: 'disk', short: 's', takesValue: true },
  { long: 'debug', short: 'd', takesValue: true },
  { long: 'generate-icicle', short: 'g', takesValue: false },
  { long: 'customize', short: 'u', takesValue: false },
  { long: 'json', takesValue: false },
];

/** The arguments in one order: options by their full names, `--`, operands. */
function canonical(line: string, options = {}): string {
  const { given, operands } = readArguments(line.split(' ').filter(Boolean), known, options);
  const words = given.flatMap(({ long, value }) => [
    `--${long}`,
    ...(value === undefined ? [] : [value]),
  ]);
  return [...words, '--', ...operands].join(' ');
}

describe('readArguments', () => {
  it.each([
    ['', '--'],
    ['-u x', '--customize -- x'],
    ['-ugd3 x', '--customize --generate-icicle --debug 3 -- x'],
    ['-d 3 x', '--debug 3 -- x'],
    ['-ud 3 x', '--customize --debug 3 -- x'],
    ['-du x', '--debug u -- x'],
    ['x -u y', '--customize -- x y'],
    ['--cust x', '--customize -- x'],
    ['--disk d x', '--disk d -- x'],
    ['--disk-b=ide x', '--disk-bus ide -- x'],
    ['--debug=3', '--debug 3 --'],
    ['--auto --customize x', '--auto --customize -- x'],
    ['-a -- x', '--auto -- -- x'],
    ['-- -u', '-- -u'],
    ['- x', '-- - x'],
    ['-a -', '--auto - --'],
    ['-d=3', '--debug =3 --'],
    ['--auto=a=b', '--auto a=b --'],
    ['-u -u', '--customize --customize --'],
    ['--nonsense x', '--nonsense -- x'],
  ])('%j becomes %j', (line, expected) => {
    expect(canonical(line)).toBe(expected);
  });

  it('keeps empty values', () => {
    const auto = { long: 'auto', value: '' };
    expect(readArguments(['--auto=', '-a', ''], known)).toEqual({
      given: [auto, auto],
      operands: [],
    });
  });

  it('ends the options at the first operand when POSIX wants it', () => {
    expect(canonical('-u x -g', { optionsFirst: true })).toBe('--customize -- x -g');
  });

  it.each([
    ['-z', "unknown option '-z'", undefined],
    ['-uz', "unknown option '-z'", undefined],
    ['-U', "unknown option '-U'", 'did you mean -u?'],
    ['-5', "unknown option '-5'", undefined],
    ['-d', "option '-d' requires a value", undefined],
    ['-ud', "option '-d' requires a value", undefined],
    ['--debug', "option '--debug' requires a value", undefined],
    ['--d', "option '--d' is not a unique prefix", 'it could be --disk-bus, --disk or --debug'],
    ['--dis', "option '--dis' is not a unique prefix", 'it could be --disk-bus or --disk'],
    ['--json=1', "option '--json' takes no value", undefined],
  ])('refuses %j', (line, message, hint) => {
    expect(() => canonical(line)).toThrow(
      expect.objectContaining({ code: 'OZ_USAGE', exitCode: 2, message, hint }),
    );
  });
});
