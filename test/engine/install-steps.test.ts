/** What an installer is at, from its console as it grows. */
import { describe, expect, it } from 'vitest';
import { createEventStream } from '../../src/engine/event-stream.ts';
import type { BuildEvent } from '../../src/engine/events.ts';
import { watchSteps } from '../../src/engine/install-steps.ts';

const steps = [
  { title: 'base system', pattern: '^Installing the base system' },
  { title: 'packages', pattern: '^Installing \\S+ \\(\\d+/\\d+\\)' },
  { title: '', pattern: '^\\.\\.\\. \\d+%' },
];

function watching(window = 16 * 1024) {
  const stream = createEventStream(() => 0);
  const events: BuildEvent[] = [];
  stream.subscribe((event) => events.push(event));
  const look = watchSteps({
    steps,
    emit: stream.emit,
    mask: (text) => text.replaceAll('geheim', '***'),
  });
  let printed = '';
  return {
    /** Prints, and has the guest looked at. */
    say(text: string, bytesWritten?: number) {
      printed += text;
      const tail = Buffer.from(printed).subarray(-window).toString();
      const activity = { diskRequests: 1, networkBytes: null, bytesWritten };
      look({ size: Buffer.byteLength(printed), tail }, activity);
      return events.at(-1);
    },
    /** Another run of the guest. */
    again() {
      printed = '';
    },
    look,
    events,
  };
}

describe('an installer on a console', () => {
  it('is told once for each change, however often it is looked at', () => {
    const { say, events } = watching();
    say('Installing the base system  ...');
    say(' 0%');
    say('... 17%');
    expect(say('')).toMatchObject({ type: 'step', step: 'base system', percent: 17 });
    expect(events.map((event) => event.type === 'step' && event.percent)).toEqual([null, 0, 17]);
  });

  it('goes on after a line of the kernel in between', () => {
    const { say } = watching();
    say('Installing the base system  ... 17%[  40.1] EXT4-fs: mounted\r\n... 20%... 30%');
    expect(say('')).toMatchObject({ step: 'base system', percent: 30 });
  });

  it('is told by a count of packages', () => {
    const { say } = watching();
    expect(say('Installing bash.x86_64 (12/48)\n')).toMatchObject({
      step: 'packages',
      percent: 25,
    });
    expect(say('Installing zlib (0/0)\n')).toMatchObject({ step: 'packages', percent: null });
  });

  it('is shown by its last line while no step is known, masked and harmless', () => {
    const { say } = watching();
    expect(say('\u001b[2J\u001b]0;title\u0007root geheim\u001b[31m\u202e!\r\n')).toMatchObject({
      step: null,
      line: 'root ***!',
    });
    expect(say('Installing the base system')).toMatchObject({ step: 'base system', line: null });
    expect(say('\nanything else\n')).toMatchObject({ step: 'base system', line: null });
  });

  it("is not shown by the status bar of its console's windows", () => {
    const { say } = watching();
    say('[  14.746701] Freeing initrd memory: 39816K\r\n');
    expect(
      say('\u001b[24;1H[ (1*installer)  2 shell  3 shell  4- log ][ Nov 30 22:10 ]'),
    ).toMatchObject({ line: '[ 14.746701] Freeing initrd memory: 39816K' });
  });

  it('is read where it draws a screen', () => {
    const { say } = watching();
    expect(say('\u001b[5;1Hleft\u001b[7;1HInstalling the base system\u001b[9;2H 12')).toMatchObject(
      {
        step: 'base system',
      },
    );
  });

  it('is followed although more was printed than is shown', () => {
    const { say } = watching(64);
    say(`${'x'.repeat(500)}\n`);
    expect(say(`${'y'.repeat(500)}\nInstalling a (1/2)\n`)).toMatchObject({ step: 'packages' });
  });

  it('is read in letters of more than one byte', () => {
    const { say } = watching();
    say('Größe: „é“ €\n');
    expect(say('Größe\nInstalling a (1/2)\n')).toMatchObject({ step: 'packages', percent: 50 });
  });

  it('tells what was written, over all runs of the guest', () => {
    const { say, again } = watching();
    expect(say('', 100)).toMatchObject({ written: 100 });
    say('', 400);
    again();
    expect(say('Installing the base system', 50)).toMatchObject({
      ...{ step: 'base system', written: 450 },
    });
  });

  it('says nothing where nothing is known', () => {
    const { look, events } = watching();
    look(null, null);
    look(null, { diskRequests: 5, networkBytes: 5 });
    expect(events).toEqual([]);
  });

  it('takes lines without an end, and megabytes of them, in little time', () => {
    const { look, events } = watching();
    const began = performance.now();
    for (let i = 1; i <= 200; i++) {
      look({ size: i * 16_384, tail: '\u001b['.repeat(8192) }, null);
      look({ size: i * 16_384 + 10, tail: 'Installing ('.repeat(1000) }, null);
    }
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(JSON.stringify(events).length).toBeLessThan(200_000);
  });
});
