import { describe, expect, it, vi } from 'vitest';
import { barRenderer } from '../../src/cli/render/bar.ts';
import { amount, bytes, clock, duration, printable } from '../../src/cli/render/format.ts';
import { attachRenderers } from '../../src/cli/render/index.ts';
import { plainRenderer } from '../../src/cli/render/plain.ts';
import type { LogLevel } from '../../src/cli/values.ts';
import { createEventStream } from '../../src/engine/event-stream.ts';
import { fakeIo } from './fake-io.ts';

const result = {
  name: 'd',
  image: '/i/d.qcow2',
  imageFormat: 'qcow2',
  domainXml: '/i/d.xml',
  ms: 5,
};

function play(
  options: { json?: boolean; progress?: 'auto' | 'plain' | 'bar' | 'none'; level?: LogLevel },
  tty = false,
  env: Record<string, string> = {},
) {
  const io = fakeIo({ tty, env });
  let now = 0;
  const stream = createEventStream(() => now);
  const end = attachRenderers(stream, io, {
    json: options.json ?? false,
    progress: options.progress ?? 'auto',
    level: options.level ?? 0,
  });
  stream.emit({ type: 'build-start', name: 'd', backend: 'libvirt', summary: 'kvm' });
  now = 1000;
  stream.emit({ type: 'phase-start', phase: 'fetch-media', title: 'fetch the installer' });
  const progress = {
    type: 'progress',
    phase: 'fetch-media',
    what: 'linux',
    unit: 'bytes',
  } as const;
  stream.emit({ ...progress, done: 1, total: 100 });
  now = 40_000;
  stream.emit({ ...progress, done: 50, total: 100 });
  stream.emit({ type: 'log', level: 'error', text: 'an error' });
  stream.emit({ type: 'log', level: 'warning', text: 'a warning' });
  stream.emit({ type: 'log', level: 'info', text: 'an info' });
  stream.emit({ type: 'log', level: 'debug', text: 'a detail' });
  stream.emit({ type: 'output', source: 'guest', text: 'evil \u001b[2J text' });
  stream.emit({ type: 'mark', mark: 'ssh-found' });
  now = 61_000;
  stream.emit({ type: 'phase-end', phase: 'fetch-media', ms: 60_000 });
  stream.emit({ type: 'result', result });
  end();
  return { out: io.out(), err: io.err() };
}

describe('plain lines', () => {
  it('tell phases and slow progress on standard error, nothing on standard output', () => {
    const { out, err } = play({});
    expect(out).toBe('');
    expect(err.split('\n')).toEqual([
      '[00:00] d: kvm',
      '[00:01] fetch the installer',
      '[00:40]   linux: 50% 50 B of 100 B',
      'an error',
      '[01:01]   done in 1 min 00 s',
      '',
    ]);
  });
});

const step = (at: number, more: object) => ({
  ...({ type: 'step', phase: 'install', step: null, percent: null, line: null } as const),
  ...{ at, written: null, ...more },
});

describe("an installer's steps", () => {
  const events = [
    step(1000, { line: 'evil \u001b[2J text', written: 0 }),
    step(2000, { step: 'base system', percent: 0, written: 1024 ** 2 }),
    step(3000, { step: 'base system', percent: 17, written: 2 * 1024 ** 2 }),
    step(40_000, { step: 'base system', percent: 80, written: 5 * 1024 ** 2 }),
    step(41_000, { step: 'packages', written: 6 * 1024 ** 2 }),
  ];

  it('are lines of the plain log, each once, and how far it is now and then', () => {
    const lines: string[] = [];
    const listener = plainRenderer((text) => void lines.push(text));
    listener({ type: 'phase-start', at: 0, phase: 'install', title: 'install Debian 13' });
    for (const event of events) listener(event);
    expect(lines).toEqual([
      '[00:00] install Debian 13\n',
      '[00:02]   base system 0%, 1.0 MiB written\n',
      '[00:40]   base system 80%, 5.0 MiB written\n',
      '[00:41]   packages, 6.0 MiB written\n',
    ]);
  });

  it('stand in the bar beside the time, harmless for the terminal', () => {
    let now = 0;
    const written: string[] = [];
    const output = { write: (text: string) => written.push(text), isTTY: true, columns: 80 };
    const bar = barRenderer(output, () => now);
    bar.listener({ type: 'phase-start', at: 0, phase: 'install', title: 'install' });
    for (const event of events) {
      now = event.at;
      bar.listener(event);
    }
    expect(written).toContain('\r\u001b[K00:01 install (00:01)  0 B written, "evil ?[2J text"');
    expect(written.at(-1)).toBe('\r\u001b[K00:41 install (00:41)  packages, 6.0 MiB written');
    bar.end();
  });
});

describe('the start of the installed system', () => {
  const marks = [
    { type: 'mark', at: 2000, mark: 'guest-started', detail: { purpose: 'run' } },
    { type: 'mark', at: 65_000, mark: 'ssh-found' },
    { type: 'mark', at: 66_000, mark: 'ssh-found' },
  ] as const;

  it('is two lines of the plain log, and none inside a phase', () => {
    const lines: string[] = [];
    const listener = plainRenderer((text) => void lines.push(text));
    for (const event of marks) listener(event);
    expect(lines).toEqual([
      '[00:02] start the installed system\n',
      '[01:05]   done in 1 min 03 s\n',
    ]);
    listener({ type: 'phase-start', at: 0, phase: 'install', title: 'install' });
    for (const event of marks) listener(event);
    expect(lines).toHaveLength(3);
  });

  it('is in the bar', () => {
    const written: string[] = [];
    const output = { write: (text: string) => written.push(text), isTTY: true, columns: 80 };
    const bar = barRenderer(output, () => 3000);
    bar.listener(marks[0]);
    expect(written.at(-1)).toContain('start the installed system (00:01)');
    bar.listener(marks[1]);
    expect(written.at(-1)).toBe('01:05 start the installed system: 1 min 03 s\n');
    bar.end();
  });
});

describe('how to look at the installer', () => {
  const watch = {
    ...({ type: 'watch', at: 5000, guest: 'd', consoleLog: '/i/.d/console.log' } as const),
    ...{ screen: 'vnc://127.0.0.1:5900', commands: ['virt-viewer d', 'virsh console d'] },
  };
  const line = 'console log: /i/.d/console.log; screen: vnc://127.0.0.1:5900 (virt-viewer d)\n';

  it('is one line', () => {
    const lines: string[] = [];
    const plain = plainRenderer((text) => void lines.push(text));
    plain(watch);
    plain({ ...watch, screen: undefined, commands: ['openstack console url show 1'] });
    plain({ ...watch, screen: undefined, consoleLog: undefined, commands: [] });
    expect(lines).toEqual([
      `[00:05]   ${line}`,
      '[00:05]   console log: /i/.d/console.log; screen: (openstack console url show 1)\n',
    ]);
  });

  it('passes above the bar', () => {
    const written: string[] = [];
    const output = { write: (text: string) => written.push(text), isTTY: true, columns: 80 };
    const bar = barRenderer(output, () => 5000);
    bar.listener({ type: 'phase-start', at: 0, phase: 'install', title: 'install' });
    bar.listener(watch);
    expect(written).toContain(`00:05 ${line}`);
    bar.end();
  });
});

describe('-d', () => {
  const lines = (level: LogLevel) => play({ progress: 'none', level }).err.split('\n').slice(0, -1);

  it('0 shows errors', () => expect(lines(0)).toEqual(['an error']));
  it('1 warnings too', () => expect(lines(1)).toEqual(['an error', 'a warning']));
  it("2 information and the guest's output too, harmless for the terminal", () =>
    expect(lines(2)).toEqual(['an error', 'a warning', 'an info', 'evil ?[2J text']));
  it('3 everything', () => {
    expect(lines(3)).toContain('a detail');
    expect(lines(3)).toContain('ssh-found at 40.0 s');
  });
  it('4 everything with level and source', () => {
    expect(lines(4)).toContain('DEBUG:ozma:a detail');
    expect(lines(4)).toContain('INFO:guest:evil ?[2J text');
  });
});

describe('--json', () => {
  it('gives one event a line on standard output, and logs on standard error', () => {
    const { out, err } = play({ json: true, level: 2 });
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events).toHaveLength(12);
    expect(events.at(-1)).toEqual({ type: 'result', at: 61_000, result });
    expect(events[1]).toMatchObject({ type: 'phase-start', at: 1000, phase: 'fetch-media' });
    expect(err).toContain('an info');
    expect(err).not.toContain('fetch the installer');
  });
});

describe('the bar', () => {
  it('is taken on a terminal', () => {
    const { err } = play({}, true);
    expect(err).toContain('\r\u001b[K');
    expect(err).toContain('fetch the installer: 1 min 00 s\n');
  });

  it('is taken on no terminal that can not move its cursor', () => {
    expect(play({}, true, { TERM: 'dumb' }).err).not.toContain('\r');
  });

  it('is not taken on a terminal when lines are asked for', () => {
    expect(play({ progress: 'plain' }, true).err).not.toContain('\r');
  });

  it('shows phase, bytes and time, lets log lines pass above, and goes away', () => {
    vi.useFakeTimers();
    try {
      let now = 0;
      const written: string[] = [];
      const bar = barRenderer(
        { write: (text) => written.push(text), isTTY: true, columns: 70 },
        () => now,
      );
      bar.listener({ type: 'phase-start', at: 0, phase: 'install', title: 'install' });
      now = 5000;
      bar.listener({
        type: 'progress',
        at: 5000,
        phase: 'install',
        what: 'linux',
        done: 1024,
        total: 2048,
        unit: 'bytes',
      });
      expect(written.at(-1)).toBe(
        '\r\u001b[K00:05 install (00:05)  linux [########........] 50% 1.0 KiB of 2.0 Ki',
      );
      bar.write('a line\n');
      expect(written.slice(-3, -1)).toEqual(['\r\u001b[K', 'a line\n']);
      now = 9000;
      vi.advanceTimersByTime(1000);
      expect(written.at(-1)).toContain('00:09 install (00:09)');
      bar.end();
      expect(written.at(-1)).toBe('\r\u001b[K');
      const count = written.length;
      vi.advanceTimersByTime(5000);
      expect(written).toHaveLength(count);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('format', () => {
  it('bytes', () =>
    expect([0, 1023, 1024, 5 * 1024 ** 3].map(bytes)).toEqual([
      '0 B',
      '1023 B',
      '1.0 KiB',
      '5.0 GiB',
    ]));
  it('durations', () =>
    expect([950, 65_000, 3_720_000].map(duration)).toEqual(['0.9 s', '1 min 05 s', '1 h 02 min']));
  it('clocks', () => expect([65_000, 3_725_000].map(clock)).toEqual(['01:05', '1:02:05']));
  it('amounts of unknown total', () => {
    expect(amount(3, null, 'steps')).toBe('3');
    expect(amount(3, 4, 'steps')).toBe('75% 3 of 4');
  });
  it('no control characters but tab and newline', () =>
    expect(printable('a\u001b]0;x\u0007\tb\nc\r\u009b')).toBe('a?]0;x?\tb\nc??'));
});
