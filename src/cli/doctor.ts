/** oz doctor: what this machine, or a cloud, lacks for a build. */
import type { Finding } from '../base/finding.ts';
import type { FindPlace } from '../compose/places.ts';
import type { Io } from './io.ts';
import { ozDoctor } from './options.ts';
import { runCommand } from './run-command.ts';
import { withSignals } from './signals.ts';

/** `find` is where tests put their own place. */
export async function main(argv: readonly string[], io: Io, find?: FindPlace): Promise<number> {
  return runCommand(ozDoctor, argv, io, ({ options }) =>
    withSignals(io, async (signal) => {
      const [{ examine }, { findPlace }, { findingText, summaryText }] = await Promise.all([
        import('../compose/doctor/examine.ts'),
        import('../compose/places.ts'),
        import('./render/doctor-text.ts'),
      ]);
      const findings: Finding[] = [];
      for await (const finding of examine(options, io, find ?? findPlace, signal)) {
        findings.push(finding);
        if (!options.json) io.stdout.write(findingText(finding, io.stdout));
      }
      const ready = findings.every(({ state }) => state !== 'problem');
      if (options.json) io.stdout.write(`${JSON.stringify({ ready, findings }, null, 2)}\n`);
      else io.stdout.write(summaryText(findings, io.stdout));
      return ready ? 0 : 1;
    }),
  );
}
