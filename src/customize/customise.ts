/** Does what the TDL wants in a running guest. */
import { runTdlCommand } from './commands.ts';
import { placeFile } from './files.ts';
import { packageManagerNamed } from './package-managers/index.ts';
import type { PackageManager } from './package-managers/manager.ts';
import { addRepository, installPackages, removeRepository } from './packages.ts';
import type { Session } from './session.ts';
import type { CustomiseStep, PlannedCustomise, Repository } from './types.ts';
import type { Workspace } from './workspace.ts';

export interface CustomiseOptions extends Omit<Workspace, 'session'> {
  /** Told before each step (`done` of `total`), and once at the end. */
  onStep?: ((done: number, total: number, title: string) => void) | undefined;
}

function titleOf(step: CustomiseStep): string {
  switch (step.kind) {
    case 'repository':
      return `add repository ${step.name}`;
    case 'command':
      return `run ${step.stage === 'pre' ? 'precommand' : 'command'} ${step.name}`;
    case 'packages':
      return `install ${step.packages.map(({ name }) => name).join(', ')}`;
    case 'file':
      return `write ${step.name}`;
  }
}

function isRepository(step: CustomiseStep): step is { kind: 'repository' } & Repository {
  return step.kind === 'repository';
}

async function doStep(
  space: Workspace,
  manager: PackageManager,
  step: CustomiseStep,
  repositories: readonly Repository[],
): Promise<void> {
  switch (step.kind) {
    case 'repository':
      return addRepository(space, manager, step);
    case 'command':
      return runTdlCommand(space, step);
    case 'packages':
      return installPackages(space, manager, step.packages, repositories);
    case 'file':
      return placeFile(space, step);
  }
}

/**
 * Does the steps in their order, removes the repositories that are not to stay
 * and syncs. The first step that fails ends it: OZ_CUSTOMISE_FAILED names the
 * step and quotes its output.
 */
export async function customise(
  session: Session,
  plan: PlannedCustomise,
  options: CustomiseOptions,
): Promise<void> {
  const { onStep, ...rest } = options;
  const space: Workspace = { ...rest, session };
  const manager = packageManagerNamed(plan.packageManager);
  const repositories = plan.steps.filter(isRepository);
  const passing = repositories.filter(({ persisted }) => !persisted);
  const work = [
    ...plan.steps.map((step) => ({
      title: titleOf(step),
      run: () => doStep(space, manager, step, repositories),
    })),
    ...passing.map((repository) => ({
      title: `remove repository ${repository.name}`,
      run: () => removeRepository(space, manager, repository),
    })),
    { title: 'sync', run: () => session.run('sync', { signal: options.signal }) },
  ];
  for (const [index, { title, run }] of work.entries()) {
    options.signal?.throwIfAborted();
    onStep?.(index, work.length, options.mask(title));
    await run();
  }
  onStep?.(work.length, work.length, 'done');
}
