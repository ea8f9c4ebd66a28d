import { describe, expect, it } from 'vitest';
import { main as doctor } from '../../src/cli/doctor.ts';
import type { CommandSpec, OptionTable } from '../../src/cli/option-table.ts';
import * as tables from '../../src/cli/options.ts';
import { main as oz } from '../../src/cli/oz.ts';
import { parseCommandLine } from '../../src/cli/parse-args.ts';
import { paint, setColor } from '../../src/cli/render/color.ts';
import { showWarnings } from '../../src/cli/render/warnings.ts';
import { fakeIo } from './fake-io.ts';

const csi = '\u001b[';
const specs: readonly CommandSpec<OptionTable>[] = Object.values(tables);

async function run(argv: string[], given: Parameters<typeof fakeIo>[0] = {}) {
  const io = fakeIo(given);
  const code = await oz(argv, io);
  return { code, out: io.out(), err: io.err() };
}

describe('setColor', () => {
  it.each<
    [tty: boolean, env: Record<string, string>, choice: 'auto' | 'always' | 'never', boolean]
  >([
    [true, {}, 'auto', true],
    [false, {}, 'auto', false],
    [true, { NO_COLOR: '1' }, 'auto', false],
    [true, { NO_COLOR: '' }, 'auto', true],
    [true, { TERM: 'dumb' }, 'auto', false],
    [false, { FORCE_COLOR: '1' }, 'auto', true],
    [true, { FORCE_COLOR: '0' }, 'auto', false],
    [false, { FORCE_COLOR: '', NO_COLOR: '1' }, 'auto', true],
    [false, {}, 'always', true],
    [true, { FORCE_COLOR: '1' }, 'never', false],
  ])('on a terminal: %s, with %j and %s: %s', (tty, env, choice, expected) => {
    const io = fakeIo({ tty, env });
    setColor(io, choice);
    expect([io.stdout.color, io.stderr.color]).toEqual([expected, expected]);
    expect(paint(io.stdout, 'x', 'red', 'bold')).toBe(
      expected ? `${csi}1m${csi}31mx${csi}39m${csi}22m` : 'x',
    );
  });
});

describe('commands', () => {
  it('paint headings and labels on a terminal, and change no text by it', async () => {
    const plain = await run(['--help']);
    const painted = await run(['--help'], { tty: true });
    expect(painted.out).toContain(`${csi}1mOptions:${csi}22m\n`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are the point
    expect(painted.out.replace(/\u001b\[\d+m/g, '')).toBe(plain.out);
    const { err } = await run(['plam'], { tty: true });
    expect(err).toBe(
      `${csi}1m${csi}31mError:${csi}39m${csi}22m there is no command 'plam'\n${csi}36mHint:${csi}39m did you mean 'plan'?\nTry 'oz --help'.\n`,
    );
  });

  it('paint nothing into pipes, nor with --color=never', async () => {
    expect((await run(['plan', '--help'])).out).not.toContain(csi);
    const { out } = await run(['plan', '--help', '--color=never'], { tty: true });
    expect(out).not.toContain(csi);
    expect((await run(['plan', '--help', '--color', 'always'])).out).toContain(csi);
  });

  it('never paint JSON', async () => {
    const io = fakeIo({ cwd: '/' });
    await doctor(['--json', '--color=always'], io, async () => {
      throw new Error('not here');
    });
    expect(io.out()).not.toContain(csi);
    expect(JSON.parse(io.out())).toMatchObject({ ready: false });
  });

  it('paint the label of a warning', () => {
    const io = fakeIo({ tty: true });
    setColor(io);
    showWarnings(['odd'], { json: false, level: 0 }, io);
    expect(io.err()).toBe(`${csi}33mWarning:${csi}39m odd\n`);
  });

  it('all take --color, which leaves the prefixes of other options alone', () => {
    for (const spec of specs) expect(spec.options, spec.name).toHaveProperty('color');
    // as Oz's getopt took it
    const { options } = parseCommandLine(tables.ozCustomize, ['--co', 'x.cfg', 'a', 'b']);
    expect(options.config).toBe('x.cfg');
    expect(() => parseCommandLine(tables.ozCustomize, ['--colo', 'never', 'a', 'b'])).toThrow(
      "unknown option '--colo'",
    );
  });
});
