/** The options of the commands that help to set Ozma up, as data. */
import { command } from './option-table.ts';
import { backend, color, config, configFiles, debug, help, version } from './options-common.ts';

export const ozDoctor = command({
  name: 'oz doctor',
  summary: 'say what this machine, or a cloud, lacks for a build',
  description: [
    'Looks at what a build needs: programs and packages, rights, directories and the room in them, memory, libvirt and its network, KVM, the osinfo database; with the backend openstack at the cloud as well: its clock, the roles of the user, flavors, quotas, networks, and the ways to start an installer. Each line is right (ok), a warning, or a problem without whose solution builds fail, with the command that mends it.',
    'No image, guest or server is made; where KVM is there, one tiny guest without a disk of its own tries it for a second, as the first build would.',
    'The exit code is 0 when a build can work, and 1 when there is a problem.',
  ],
  operands: [],
  options: {
    config,
    debug,
    help,
    json: { long: 'json', help: 'print the findings as one JSON document' },
    backend: { ...backend, help: 'where builds are to run, whatever oz.cfg says' },
    color,
    version,
  },
  examples: [
    { what: 'Look at this machine', line: 'oz doctor' },
    { what: 'Look at a cloud of clouds.yaml', line: 'oz doctor --backend=openstack' },
    {
      what: 'What is to be done',
      line: "oz doctor --json | jq -r '.findings[] | select(.fix).fix'",
    },
  ],
  files: configFiles,
  seeAlso: ['oz-install(1)', 'oz-plan(1)', 'oz.cfg(5)'],
});

export const shells = ['bash', 'zsh', 'fish'] as const;

export const ozCompletion = command({
  name: 'oz completion',
  summary: 'print what makes a shell complete the command lines of all five commands',
  description: [
    'Prints a script for bash, zsh or fish. Loaded by the shell, it completes commands, options, their values and file names of oz, oz-install, oz-customize, oz-generate-icicle and oz-cleanup-cache.',
  ],
  operands: [{ name: 'shell', help: 'bash, zsh or fish' }],
  options: { help, color, version },
  examples: [
    { what: 'bash, for all users', line: 'oz completion bash > /etc/bash_completion.d/oz' },
    {
      what: 'zsh, for all users',
      line: 'oz completion zsh > /usr/local/share/zsh/site-functions/_oz',
    },
    { what: 'fish, for all users', line: 'oz completion fish > /etc/fish/conf.d/oz.fish' },
  ],
  seeAlso: ['oz(1)', 'oz-install(1)'],
});
