/** The TDL's wishes as steps, in the order Oz does them. */
import type { Capabilities } from '../../backends/backend.ts';
import type { CustomiseStep } from '../customize/types.ts';
import type { Tdl } from '../tdl/types.ts';
import { urlForGuest } from './guest-url.ts';

export function customiseSteps(tdl: Tdl, capabilities: Capabilities): CustomiseStep[] {
  return [
    ...tdl.repositories.map(
      (repository): CustomiseStep => ({
        kind: 'repository',
        ...repository,
        url: urlForGuest(repository.url, capabilities),
      }),
    ),
    ...tdl.precommands.map(
      (command): CustomiseStep => ({ kind: 'command', stage: 'pre', ...command }),
    ),
    ...(tdl.packages.length > 0 ? [{ kind: 'packages' as const, packages: tdl.packages }] : []),
    ...tdl.files.map((file): CustomiseStep => ({ kind: 'file', ...file })),
    ...tdl.commands.map(
      (command): CustomiseStep => ({ kind: 'command', stage: 'main', ...command }),
    ),
  ];
}
