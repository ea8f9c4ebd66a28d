/** Phases that are done by somebody else in one go, told as if one came after the other. */
import { skipPhase } from './event-stream.ts';
import type { Emit, Phase } from './events.ts';

export interface TrackedPhase {
  phase: Phase;
  title: string;
  /** Why there is nothing to do; false: there is. */
  skip: string | false;
}

export interface PhaseTrack {
  begin(): void;
  /** This phase has been reached; those before it are over. Going back does nothing. */
  reach(phase: Phase): void;
  end(): void;
}

export function trackPhases(emit: Emit, phases: readonly TrackedPhase[]): PhaseTrack {
  let current = -1;
  let since = 0;
  const finish = () => {
    const one = phases[current];
    if (one?.skip !== false) return;
    emit({ type: 'phase-end', phase: one.phase, ms: Math.round(performance.now() - since) });
  };
  /** Moves on to the next phase, whatever it is. */
  const step = () => {
    finish();
    current += 1;
    since = performance.now();
    const one = phases[current];
    if (!one) return;
    if (one.skip === false) emit({ type: 'phase-start', phase: one.phase, title: one.title });
    else skipPhase(emit, one.phase, one.skip);
  };
  const beginNext = () => {
    do step();
    while (phases[current] && phases[current]?.skip !== false);
  };
  return {
    begin: beginNext,
    reach(phase) {
      const target = phases.findIndex((one) => one.phase === phase);
      while (current < target) step();
    },
    end() {
      while (current < phases.length) step();
    },
  };
}
