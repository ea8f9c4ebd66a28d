/** Tells what an installer is at: the step, by the lines on its console, and the bytes written. */
import type { Activity } from '../../backends/backend.ts';
import type { ConsoleStep } from '../plan/types.ts';
import { consoleLines, type ShownConsole } from './console-lines.ts';
import type { BuildEvent, Emit } from './events.ts';

/** Characters of a line that are shown, and that are looked at. */
const shownLength = 100;
const readLength = 1024;

/** The bar of windows and clock that `screen` keeps at the bottom: no word of the installer's. */
const statusBar = /^\[ *\(?\d.*\]\[.*\]$/;

export interface StepOptions {
  steps: readonly ConsoleStep[];
  emit: Emit;
  mask: (text: string) => string;
}

/** The last `57%` of a line, or of what `(12/347)` is. */
function percentIn(line: string): number | null {
  const told = [...line.matchAll(/\b(\d{1,3})(?:\.\d+)?\s?%/g)].at(-1)?.[1];
  if (told !== undefined) return Math.min(100, Number(told));
  const [, done, total] = /\((\d{1,6})\/(\d{1,6})\)/.exec(line) ?? [];
  if (done === undefined || !Number(total)) return null;
  return Math.min(100, Math.floor((Number(done) / Number(total)) * 100));
}

/** Counters begin anew with each start of the guest. */
function sumOfRuns(): (now: number) => number {
  let before = 0;
  let last = 0;
  return (now) => {
    if (now < last) before += last;
    last = now;
    return before + last;
  };
}

type Step = Pick<BuildEvent & { type: 'step' }, 'step' | 'percent' | 'line' | 'written'>;

/** A function for each look at the guest; emits a `step` event when there is something new. */
export function watchSteps({ steps, emit, mask }: StepOptions) {
  const known = steps.map(({ title, pattern }) => ({ title, pattern: new RegExp(pattern) }));
  const take = consoleLines();
  const total = sumOfRuns();
  let now: Step = { step: null, percent: null, line: null, written: null };

  function read(line: string): Step {
    if (statusBar.test(line)) return now;
    const found = known.find(({ pattern }) => pattern.test(line));
    if (!found || (found.title === '' && now.step === null)) {
      return now.step === null ? { ...now, line: mask(line).slice(0, shownLength) } : now;
    }
    const percent = percentIn(line);
    if (found.title === '') return { ...now, percent: percent ?? now.percent };
    return { ...now, step: found.title, percent, line: null };
  }

  return (shown: ShownConsole | null, activity: Activity | null): void => {
    const before = now;
    for (const line of shown ? take(shown) : []) now = read(line.slice(0, readLength));
    const written = activity?.bytesWritten;
    if (written != null) now = { ...now, written: total(written) };
    const keys = Object.keys(now) as (keyof Step)[];
    if (keys.some((key) => now[key] !== before[key]))
      emit({ type: 'step', phase: 'install', ...now });
  };
}
