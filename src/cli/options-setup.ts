/** The options of the commands that help to set Ozma up, as data. */
import { command } from './option-table.ts';
import { help, version } from './options-common.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;

export const ozCompletion = command({
  name: 'oz completion',
  summary: 'print what makes a shell complete the command lines of all five commands',
  description: [
    'Prints a script for bash, zsh or fish. Loaded by the shell, it completes commands, options, their values and file names of oz, oz-install, oz-customize, oz-generate-icicle and oz-cleanup-cache.',
  ],
  operands: [{ name: 'shell', help: 'bash, zsh or fish' }],
  options: { help, version },
  examples: [
    { what: 'bash, for all users', line: 'oz completion bash > /etc/bash_completion.d/oz' },
    {
      what: 'zsh, for all users',
      line: 'oz completion zsh > /usr/local/share/zsh/site-functions/_oz',
    },
    { what: 'fish, for yourself', line: 'oz completion fish > ~/.config/fish/conf.d/oz.fish' },
  ],
  seeAlso: ['oz(1)', 'oz-install(1)'],
});
