/** A whole build, for oz-install and for programs: decided, then done. */
import type { Backend } from '../../backends/backend.ts';
import type { EventStream } from '../engine/event-stream.ts';
import type { BuildResult } from '../engine/events.ts';
import type { Ledger } from '../engine/ledger.ts';
import type { PlanInput } from '../plan/input.ts';
import type { Around } from './around.ts';
import { decideBuild } from './decide-build.ts';
import { buildAccess } from './inputs.ts';
import { judgeMedium } from './medium.ts';
import { checkOutputs } from './outputs.ts';
import type { Settings } from './settings.ts';
import { withBackend } from './with-backend.ts';

export interface BuildRequest extends Pick<PlanInput, 'options' | 'answer'> {
  onError?: 'cleanup' | 'keep' | undefined;
  stream: EventStream;
  signal: AbortSignal;
  /** What the user should know although nothing is wrong: of the plan, the ISO, the result. */
  onWarnings?: ((warnings: readonly string[]) => void) | undefined;
}

export async function runBuild(
  settings: Settings,
  request: BuildRequest,
  around: Around,
): Promise<BuildResult> {
  const { options, answer, stream, signal, onWarnings } = request;
  const { icicleFile, xmlFile } = options;
  await checkOutputs([icicleFile, xmlFile], xmlFile === undefined ? around.cwd : undefined);
  const { build } = await import('../engine/build.ts');
  const work = async (backend: Backend, ledger: Ledger) => {
    const { tdl, config, osinfo } = settings;
    const capabilities = await backend.capabilities({ signal, arch: tdl.arch });
    const access = () => buildAccess(config);
    const choices = { capabilities, options, access, answer, writes: true };
    const decided = await decideBuild(settings, choices, around);
    onWarnings?.(decided.warnings);
    const result = await build(decided, {
      backend,
      ledger,
      emit: stream.emit,
      signal,
      forceDownload: options.forceDownload,
      cleanup: options.cleanup,
      onError: request.onError ?? 'cleanup',
      judgeInstaller: async (file, judging) => {
        const { warning } = await judgeMedium(file, decided, osinfo, around, judging);
        if (warning !== undefined) onWarnings?.([warning]);
        return warning;
      },
    });
    const { warning } = result.published ?? {};
    if (warning !== undefined) onWarnings?.([warning]);
    return result;
  };
  return withBackend(settings, stream, signal, work, onWarnings);
}
