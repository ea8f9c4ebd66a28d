import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completedCommands } from '../../src/cli/completion/model.ts';
import * as tables from '../../src/cli/options.ts';
import { main as oz } from '../../src/cli/oz.ts';
import { runNeeded } from '../fakes/run-needed.ts';
import { fakeIo } from './fake-io.ts';

const goldenNames = { bash: 'oz.bash', zsh: '_oz', fish: 'oz.fish' } as const;
type Shell = keyof typeof goldenNames;
const shells = Object.keys(goldenNames) as Shell[];

let dir: string;
const fileOf = (shell: Shell) => path.join(dir, goldenNames[shell]);

async function scriptFor(...words: string[]) {
  const io = fakeIo();
  const code = await oz(['completion', ...words], io);
  return { code, out: io.out(), err: io.err() };
}

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'ozma-completion-'));
  for (const shell of shells) writeFileSync(fileOf(shell), (await scriptFor(shell)).out);
  writeFileSync(path.join(dir, 'with blank.tdl'), '');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What bash has in COMPREPLY for these words, the last of them unfinished. */
function bash(words: readonly string[]): string[] {
  const program = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 ))
    _ozma; (( \${#COMPREPLY[@]} )) && printf '%s\\n' "\${COMPREPLY[@]}"`;
  const args = ['--norc', '-c', program, fileOf('bash'), ...words];
  const { stdout, stderr } = runNeeded('bash', args, { cwd: dir });
  expect(stderr).toBe('');
  return stdout.split('\n').filter(Boolean);
}

function fish(words: readonly string[]): string[] {
  const program = 'source $argv[1]; complete -C $argv[2]';
  const args = ['--no-config', '-c', program, fileOf('fish'), words.join(' ')];
  const env = { ...process.env, HOME: dir };
  const { stdout, stderr } = runNeeded('fish', args, { cwd: dir, env });
  expect(stderr).toBe('');
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t')[0] ?? '');
}

/** Types the words and a tab into a zsh on a terminal, and gives the line that it makes of them. */
function zsh(typed: string, expected: string): string {
  const program = `zmodload zsh/zpty
    zpty -b z zsh -f -i
    zpty -w z "PS1='> '; autoload -U compinit; compinit -u -D; source $1; echo LOA''DED"
    zpty -r -m z line '*LOADED*'
    zpty -w -n z "$2"$'\\t'
    zpty -r -m z line "*$3*" && print -r -- "$line"
    zpty -d z`;
  const args = ['-f', '-c', program, 'zsh', fileOf('zsh'), typed, expected];
  const env = { ...process.env, TERM: 'dumb', HOME: dir };
  return runNeeded('zsh', args, { cwd: dir, env, timeout: 20_000 }).stdout;
}

describe('oz completion', () => {
  it.each(shells)('prints the script for %s', async (shell) => {
    const { code, out, err } = await scriptFor(shell);
    expect([code, err]).toEqual([0, '']);
    await expect(out).toMatchFileSnapshot(`../golden/completion/${goldenNames[shell]}`);
  });

  it('knows all commands, and the way on to each', () => {
    const commands = completedCommands();
    const lines = commands.map(({ words }) => words.join(' '));
    expect(lines.sort()).toEqual(
      Object.values(tables)
        .map(({ name }) => name)
        .sort(),
    );
    for (const { words, commands: next } of commands)
      for (const { name } of next) expect(lines).toContain([...words, name].join(' '));
  });

  it.each([
    ['basch', "there is no completion for the shell 'basch'", 'did you mean bash?'],
    ['powershell', "there is no completion for the shell 'powershell'", 'use bash, zsh, fish'],
  ])('refuses %s', async (shell, message, hint) => {
    const { code, out, err } = await scriptFor(shell);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(`Error: ${message}\nHint: ${hint}\n`);
  });
});

describe('bash', () => {
  it.each<[words: string[], expected: string[]]>([
    [['oz', 'pl'], ['plan']],
    [
      ['/usr/local/bin/oz', 'os', 'd'],
      ['devices', 'detect'],
    ],
    [['oz', 'os', 'list', '--of', 'dep'], ['deployment']],
    [['oz-install', '--on'], ['--on-error']],
    [
      ['oz-install', '--on-error', ''],
      ['cleanup', 'keep'],
    ],
    // bash hands on --backend=op as three words
    [['oz-install', '--backend', '=', 'op'], ['openstack']],
    [
      ['oz-install', '--backend', '='],
      ['libvirt', 'openstack'],
    ],
    [
      ['oz-install', '-ub', 's'],
      ['sata', 'scsi'],
    ],
    [['oz-install', '-u', 'with'], ['with blank.tdl']],
    [['oz-cleanup-cache', 'with'], []],
    [['oz-install', '-m', 'with'], []],
    [
      ['oz', 'completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
  ])('completes %j', (words, expected) => {
    expect(bash(words)).toEqual(expected);
  });

  it('is told to complete all five commands', () => {
    const args = ['--norc', '-c', 'source "$0"; complete -p', fileOf('bash')];
    const { stdout } = runNeeded('bash', args);
    const programs = ['oz', 'oz-cleanup-cache', 'oz-customize', 'oz-generate-icicle', 'oz-install'];
    for (const name of programs) expect(stdout).toContain(`complete -F _ozma ${name}\n`);
  });
});

describe('fish', () => {
  it.each<[words: string[], expected: string[]]>([
    [['oz', 'pl'], ['plan']],
    [['oz', 'os', 'list', '--of', 'dep'], ['deployment']],
    [['oz-install', '--on-error', 'k'], ['keep']],
    [['oz-install', '--backend=op'], ['--backend=openstack']],
    [['oz-cleanup-cache', 'with'], []],
  ])('completes %j', (words, expected) => {
    expect(fish(words)).toEqual(expected);
  });

  it('completes file names', () => {
    expect(fish(['oz-install', 'with'])).toHaveLength(1);
  });
});

describe('zsh', () => {
  it.each([
    ['oz pl', 'oz plan '],
    ['oz os dev', 'oz os devices '],
    ['oz-install --backend=op', 'oz-install --backend=openstack '],
    ['oz-install --on-error k', 'oz-install --on-error keep '],
  ])('completes %s', (typed, expected) => {
    expect(zsh(typed, expected)).toContain(expected);
  });
});
