import { describe, expect, it, vi } from 'vitest';
import { OzError } from '../../src/base/errors.ts';
import { ozInstall } from '../../src/cli/options.ts';
import { main as oz } from '../../src/cli/oz.ts';
import { errorFields } from '../../src/cli/report-error.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { withSignals } from '../../src/cli/signals.ts';
import { fakeIo } from './fake-io.ts';

const run = async (argv: string[], work: () => Promise<number> = async () => 0) => {
  const io = fakeIo();
  const code = await runCommand(ozInstall, argv, io, work);
  return { code, out: io.out(), err: io.err() };
};

const failing = (error: unknown) => async () => {
  throw error;
};

describe('runCommand', () => {
  it('--help goes to standard output with exit code 0', async () => {
    const { code, out, err } = await run(['-h']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Usage: oz-install \[OPTIONS\] <tdl>\n/);
    expect(out).toContain('Examples:');
  });

  it('--version', async () => {
    const { code, out } = await run(['--version']);
    expect(code).toBe(0);
    expect(out).toMatch(/^oz-install \(ozma\) \d+\.\d+\.\d+\n$/);
  });

  it('wrong usage goes to standard error with exit code 2', async () => {
    expect(await run(['--custmize', 'x'])).toEqual({
      code: 2,
      out: '',
      err: "Error: unknown option '--custmize'\nHint: did you mean --customize?\nTry 'oz-install --help'.\n",
    });
  });

  it('tells message, hint and evidence of a failure', async () => {
    const error = new OzError('OZ_X', 'Cannot build d: it hangs', {
      hint: 'wait longer',
      evidence: '/e/d',
    });
    expect(await run(['x'], failing(error))).toEqual({
      code: 1,
      out: '',
      err: 'Error: Cannot build d: it hangs\nHint: wait longer\nEvidence: /e/d\n',
    });
  });

  it("tells the console's last lines before the hint, and at the end what to type", async () => {
    const error = new OzError('OZ_X', 'Cannot build d: it hangs', {
      ...{ hint: 'wait longer', evidence: '/e/d', console: ['booting', 'evil \u001b[2J'] },
      kept: { look: ['virsh console d'], remove: ['virsh destroy d', 'rm -rf /i/.d'] },
    });
    const { err } = await run(['x'], failing(error));
    expect(err.split('\n')).toEqual([
      'Error: Cannot build d: it hangs',
      "The last lines of the guest's console:",
      '  booting',
      '  evil ?[2J',
      'Hint: wait longer',
      'Evidence: /e/d',
      'Kept for you. To look at it:',
      '  virsh console d',
      'To remove it:',
      '  virsh destroy d',
      '  rm -rf /i/.d',
      '',
    ]);
    const bare = new OzError('OZ_X', 'x', { console: ['booting'] });
    expect(errorFields(bare)).toMatchObject({ type: 'error', console: ['booting'] });
  });

  it('shows the stack of the unforeseen, and of causes, only from -d3 on', async () => {
    const error = new TypeError('oops', { cause: new Error('below') });
    const short = await run(['x'], failing(error));
    expect(short.code).toBe(1);
    expect(short.err).toBe(
      'Error: oops\nHint: this was not foreseen; -d3 shows where it happened\n',
    );
    const long = await run(['-d3', 'x'], failing(error));
    expect(long.err).toContain('run-command.test.ts');
    expect(long.err).toContain('Caused by: Error: below');
  });

  it('lets no control characters of a message through', async () => {
    const { err } = await run(['x'], failing(new OzError('OZ_X', 'a\u001b[2Jb')));
    expect(err).toBe('Error: a?[2Jb\n');
  });
});

describe('oz', () => {
  const go = async (...argv: string[]) => {
    const io = fakeIo();
    const code = await oz(argv, io);
    return { code, out: io.out(), err: io.err() };
  };

  it.each([[[]], [['-h']], [['--help']], [['help']], [['--color=never']], [['--color', 'never']]])(
    '%j lists the commands',
    async (argv) => {
      const { code, out, err } = await go(...argv);
      expect([code, err]).toEqual([0, '']);
      expect(out).toMatch(/^Usage: oz \[OPTIONS\] <command>\n/);
      expect(out).toMatch(/^ {2}plan +show what oz-install would do/m);
    },
  );

  it.each([[['plan', '-h']], [['help', 'plan']]])('%j is the help of plan', async (argv) => {
    const { code, out } = await go(...argv);
    expect(code).toBe(0);
    expect(out).toMatch(/^Usage: oz plan \[OPTIONS\] <tdl>\n/);
  });

  it.each(['--version', 'version'])('%s', async (word) => {
    expect(await go(word)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^oz \(ozma\) \d/),
    });
  });

  it.each([
    [['install', '-u', 'x'], "there is no command 'install'", 'Hint: did you mean oz-install?\n'],
    [['instal'], "there is no command 'instal'", 'Hint: did you mean oz-install?\n'],
    [
      ['help', 'customise'],
      "there is no command 'customise'",
      'Hint: did you mean oz-customize?\n',
    ],
    [['oz-install'], "there is no command 'oz-install'", 'Hint: did you mean oz-install?\n'],
    [['plam', 'x.tdl', '--json'], "there is no command 'plam'", "Hint: did you mean 'plan'?\n"],
    [['zz'], "there is no command 'zz'", ''],
    [['--color=never', 'zz'], "there is no command 'zz'", ''],
    [['--color', 'red'], "'red' is not a choice for --color", 'Hint: use auto, always, never\n'],
    [['--jason'], "unknown option '--jason'", ''],
    [['-q'], "unknown option '-q'", ''],
  ])('%j is wrong usage', async (argv, message, hint) => {
    expect(await go(...argv)).toEqual({
      code: 2,
      out: '',
      err: `Error: ${message}\n${hint}Try 'oz --help'.\n`,
    });
  });
});

describe('withSignals', () => {
  const waiting = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('whatever the abort led to')));
    });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])('%s aborts the work and leads to exit code %i', async (name, exitCode) => {
    const io = fakeIo();
    const done = withSignals(io, waiting);
    io.signals.emit(name, name);
    await expect(done).rejects.toMatchObject({ code: 'OZ_INTERRUPTED', exitCode });
    expect(io.signals.listenerCount(name)).toBe(0);
    expect(io.exits).toEqual([]);
  });

  it('the second signal ends at once, unless it is the echo of the first', () => {
    vi.useFakeTimers();
    try {
      const io = fakeIo();
      void withSignals(io, () => new Promise(() => {}));
      io.signals.emit('SIGHUP', 'SIGHUP');
      vi.advanceTimersByTime(50); // the shell's, after the terminal's
      io.signals.emit('SIGHUP', 'SIGHUP');
      expect(io.exits).toEqual([]);
      vi.advanceTimersByTime(500);
      io.signals.emit('SIGTERM', 'SIGTERM');
      expect(io.exits).toEqual([143]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('an error that nothing has caught ends the work in good order, too', async () => {
    const io = fakeIo();
    const done = withSignals(io, waiting);
    const error = new Error('thrown by a socket');
    io.signals.emit('uncaughtException', error);
    io.signals.emit('uncaughtException', new Error('and what came of it'));
    await expect(done).rejects.toBe(error);
    expect(io.signals.listenerCount('uncaughtException')).toBe(0);
  });

  it('hands on results and failures, and stops listening', async () => {
    const io = fakeIo();
    expect(await withSignals(io, async () => 7)).toBe(7);
    await expect(withSignals(io, failing(new Error('x')))).rejects.toThrow('x');
    expect(io.signals.listenerCount('SIGINT')).toBe(0);
  });
});
