/** What the TDL wants in a running guest. */
import { codeOf, messageOf } from '../base/errors.ts';
import { runTdlCommand } from './commands.ts';
import { placeFile } from './files.ts';
import type { FetchContent, Operation, Operations, Step } from './operations.ts';
import { packageManagerNamed } from './package-managers/index.ts';
import type { PackageManager } from './package-managers/manager.ts';
import { addRepository, installPackages, removeRepository } from './packages.ts';
import type { Session } from './session.ts';
import { openTunnel } from './tunnel.ts';
import type { CustomiseStep, PlannedCustomise, Repository } from './types.ts';
import { placeWindowsFile, runWindowsCommand } from './windows.ts';
import { performAll, type Workspace } from './workspace.ts';

export interface CustomiseOptions extends Omit<Workspace, 'session'> {
  fetchContent: FetchContent;
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

function operationsOf(
  manager: PackageManager,
  step: CustomiseStep,
  repositories: readonly Repository[],
  fetchContent: FetchContent,
): Promise<Operations> {
  switch (step.kind) {
    case 'repository':
      return Promise.resolve(addRepository(manager, step));
    case 'command':
      return manager.windows
        ? runWindowsCommand(step, fetchContent)
        : runTdlCommand(step, fetchContent, manager.shell);
    case 'packages':
      return installPackages(manager, step.packages, repositories, fetchContent);
    case 'file':
      return (manager.windows ? placeWindowsFile : placeFile)(step, fetchContent);
  }
}

/**
 * All that a plan asks for, in the order it is done: its steps, then the removal
 * of the repositories that are not to stay. `environment` is for the package
 * manager's commands. Throws OZ_PACKAGE_MANAGER.
 */
export function customiseSteps(
  plan: PlannedCustomise,
  fetchContent: FetchContent,
  environment: Readonly<Record<string, string>> = {},
): Step[] {
  const known = packageManagerNamed(plan.packageManager);
  const manager = withEnvironment(known, environment);
  const repositories = plan.steps.filter(isRepository);
  const passing = repositories.filter(({ persisted }) => !persisted);
  const sync: Operation = { kind: 'command', title: 'sync', command: 'sync' };
  return [
    ...plan.steps.map((step) => ({
      title: titleOf(step),
      prepare: async () => operationsOf(manager, step, repositories, fetchContent),
    })),
    ...passing.map((repository) => ({
      title: `remove repository ${repository.name}`,
      prepare: async () => removeRepository(manager, repository),
    })),
    ...(manager.windows ? [] : [{ title: 'sync', prepare: async () => ({ main: [sync] }) }]),
  ];
}

function withEnvironment(
  manager: PackageManager,
  environment: Readonly<Record<string, string>>,
): PackageManager {
  // One that only refuses refuses to be copied as well.
  if (manager.windows) return manager;
  return { ...manager, environment: { ...manager.environment, ...environment } };
}

async function doSteps(
  space: Workspace,
  steps: readonly Step[],
  onStep: CustomiseOptions['onStep'],
) {
  for (const [index, { title, prepare }] of steps.entries()) {
    space.signal?.throwIfAborted();
    onStep?.(index, steps.length, space.mask(title));
    await performAll(space, await prepare());
  }
  onStep?.(steps.length, steps.length, 'done');
}

/**
 * Does a plan over SSH. The first step that fails ends it: OZ_CUSTOMISE_FAILED
 * names the step and quotes its output. Repositories that only this machine can
 * reach are there for the guest meanwhile.
 */
export async function customise(
  session: Session,
  plan: PlannedCustomise,
  options: CustomiseOptions,
): Promise<void> {
  const { onStep, fetchContent, ...rest } = options;
  const space: Workspace = { ...rest, session };
  packageManagerNamed(plan.packageManager);
  options.signal?.throwIfAborted();
  const tunnel = await openTunnel(session, plan.steps.filter(isRepository)).catch((error) => {
    // The package manager may know a way of its own, and says so if it does not.
    if (codeOf(error) !== 'OZ_SSH_TUNNEL') throw error;
    space.emitOutput('repositories', messageOf(error));
    return null;
  });
  if (tunnel) {
    const reached = tunnel.endpoints.join(', ');
    space.emitOutput('repositories', `${reached}: reached through the machine that runs the build`);
  }
  try {
    await doSteps(space, customiseSteps(plan, fetchContent, tunnel?.environment), onStep);
  } finally {
    await tunnel?.close();
  }
}
