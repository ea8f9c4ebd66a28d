/** What the README tells its reader to type is what there is. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commandsOf } from '../../compat/fresh/readme.ts';
import { packageGroups } from '../../src/base/debian-packages.ts';
import { packageFile } from '../../src/base/package-root.ts';
import { exitCodes } from '../../src/cli/help.ts';
import type { CommandSpec, OptionTable } from '../../src/cli/option-table.ts';
import * as tables from '../../src/cli/options.ts';
import { parseCommandLine } from '../../src/cli/parse-args.ts';

const read = (name: string) => readFileSync(packageFile(...name.split('/')), 'utf8');
const readme = read('README.md');
const { scripts, version, engines } = JSON.parse(read('package.json'));
const specs: readonly CommandSpec<OptionTable>[] = Object.values(tables);

/** As typed, without sudo and what a pipe or a file takes. */
const lines = commandsOf(readme).map((line) => line.replace(/^sudo /, '').split(/ [|>] /)[0] ?? '');

/** The spec of the longest name that the words start with. */
function specOf(line: string): CommandSpec<OptionTable> | undefined {
  return specs
    .filter(({ name }) => line === name || line.startsWith(`${name} `))
    .sort((a, b) => b.name.length - a.name.length)[0];
}

describe('the README', () => {
  it('begins with its two commands', () => {
    expect(lines.slice(0, 2)).toEqual(['npm run demo', 'npm test']);
  });

  it('names exactly the packages that a build needs', () => {
    const [install, ...others] = lines.filter((line) => line.startsWith('apt-get install '));
    expect(others).toEqual([]);
    expect(install?.split(' ').slice(2)).toEqual(packageGroups.build);
  });

  it('has command lines that the commands take', () => {
    const ours = lines.filter((line) => /^oz(-[a-z-]+)? /.test(line));
    expect(ours.length).toBeGreaterThan(10);
    for (const line of ours) {
      const spec = specOf(line);
      const words = line.split(/ +/).slice(spec?.name.split(' ').length);
      expect(spec?.commands, line).toBeUndefined();
      expect(() => parseCommandLine(spec as never, words), line).not.toThrow();
    }
  });

  it('has scripts that there are, and the name of the packed file', () => {
    for (const [, name = ''] of readme.matchAll(/npm run ([a-z:0-9]+)/g))
      expect(scripts, name).toHaveProperty([name]);
    expect(lines).toContain(`npm install --global ./ozma-${version}.tgz`);
    expect(readme).toContain(`Node.js ${engines.node.replace('>=', '')} or newer`);
  });

  it('has every command and exit code in its tables', () => {
    for (const { name, commands } of specs.filter(({ name }) => !name.startsWith('oz os ')))
      if (!commands) expect(readme, name).toContain(`\`${name} `);
    const cells = [...readme.matchAll(/^\| ([\d, ]+) \|/gm)].map(([, codes = '']) => codes);
    const shown = cells.flatMap((codes) => codes.split(', ').map(Number));
    for (const [code] of exitCodes(tables.ozInstall)) expect(shown).toContain(code);
  });

  it.each(['README.md', 'CHANGELOG.md', 'SECURITY.md', 'docs/STABILITY.md'])(
    '%s links to files that are there',
    (name) => {
      const folder = name.split('/').slice(0, -1);
      for (const [, target = ''] of read(name).matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g))
        expect(existsSync(packageFile(...folder, target)), target).toBe(true);
    },
  );
});
