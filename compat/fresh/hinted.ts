/** Does what a hint says: installs exactly the packages that it names, then tries again. */
import type { Box } from './box.ts';
import { failed, mustSucceed } from './cell.ts';

const packageName = /^[a-z0-9][a-z0-9.+-]+$/;

/** The packages that the hints in a text name: what follows `apt-get install`. */
export function hintedPackages(text: string): string[] {
  const found = [...text.matchAll(/\bapt(?:-get)? install ([^\n]*)/g)].flatMap(([, rest = '']) => {
    const names: string[] = [];
    for (const word of rest.split(/\s+/)) {
      if (word.startsWith('-')) continue;
      // A bracket, comma or stop ends the list, and may stand at its last word.
      const name = word.replace(/[).,;:`'"]+$/, '');
      if (!packageName.test(name)) break;
      names.push(name);
      if (name !== word) break;
    }
    return names;
  });
  return [...new Set(found)];
}

/** A command as root, whoever the box is for: an ordinary user has sudo. */
export function asRoot(box: Box, line: string): string {
  return box.user === 'root' ? line : `sudo ${line}`;
}

/** Installs packages as a stranger would, but nothing that is only recommended. */
export async function install(box: Box, names: readonly string[]): Promise<void> {
  const apt = 'apt-get -q -y -o Dpkg::Use-Pty=0';
  const quiet = asRoot(box, 'env DEBIAN_FRONTEND=noninteractive');
  const line = `${quiet} ${apt} install --no-install-recommends ${names.join(' ')}`;
  mustSucceed(line, await box.run(line));
}

/** What is not installed of these. */
async function missing(box: Box, names: readonly string[]): Promise<string[]> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const format = "'${Package} ${db:Status-Status}\\n'";
  const { text } = await box.run(`dpkg-query -W -f=${format} ${names.join(' ')}`);
  const lines = new Set(text.split('\n'));
  return names.filter((name) => !lines.has(`${name} installed`));
}

/** More than there are packages: a hint that names one more each time has to end. */
const mostRounds = 30;

/** Installs what the text's hints name, and returns it. Throws OZ_FRESH_FAILED where they name nothing new. */
export async function obeyHint(box: Box, line: string, text: string): Promise<string[]> {
  const named = hintedPackages(text);
  if (named.length === 0) throw failed(`${line} failed, and no hint names a package`, text);
  const wanted = await missing(box, named);
  if (wanted.length === 0) {
    throw failed(`${line} failed, and its hint names what is installed: ${named.join(' ')}`, text);
  }
  await install(box, wanted);
  return wanted;
}

/** Runs a line until it succeeds; returns the packages that its hints named, in order. */
export async function runWithHints(box: Box, line: string): Promise<string[]> {
  const installed: string[] = [];
  for (let round = 0; round < mostRounds; round++) {
    const { code, text } = await box.run(line);
    if (code === 0) return installed;
    installed.push(...(await obeyHint(box, line, text)));
  }
  throw failed(`${line} names one more package each time: ${installed.join(' ')}`);
}
