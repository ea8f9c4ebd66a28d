/** oz completion: the script that makes a shell complete our command lines. */
import { suggest } from '../base/suggest.ts';
import type { CompletedCommand } from './completion/model.ts';
import type { Io } from './io.ts';
import { ozCompletion } from './options.ts';
import { shells } from './options-setup.ts';
import { runCommand } from './run-command.ts';
import { usageError } from './usage-error.ts';

type Script = (commands: readonly CompletedCommand[]) => string;

/** The maker of each shell's script. */
const makers: Readonly<Record<(typeof shells)[number], () => Promise<Script>>> = {
  bash: async () => (await import('./completion/bash.ts')).bashScript,
  zsh: async () => (await import('./completion/zsh.ts')).zshScript,
  fish: async () => (await import('./completion/fish.ts')).fishScript,
};

export async function main(argv: readonly string[], io: Io): Promise<number> {
  return runCommand(ozCompletion, argv, io, async ({ operands: [name = ''] }) => {
    const shell = shells.find((each) => each === name);
    if (!shell) {
      const nearest = suggest(name, shells);
      const hint = nearest ? `did you mean ${nearest}?` : `use ${shells.join(', ')}`;
      throw usageError(`there is no completion for the shell '${name}'`, hint);
    }
    const [{ completedCommands }, script] = await Promise.all([
      import('./completion/model.ts'),
      makers[shell](),
    ]);
    io.stdout.write(script(completedCommands()));
    return 0;
  });
}
