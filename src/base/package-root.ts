/** Finds the files that travel with the package, from the sources as from dist/. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(from: string): string {
  let dir = from;
  while (!existsSync(path.join(dir, 'package.json'))) {
    const parent = path.dirname(dir);
    if (parent === dir) throw new Error(`no package.json above ${from}`);
    dir = parent;
  }
  return dir;
}

/** Absolute path of the package's top directory. */
const packageRoot: string = findRoot(path.dirname(fileURLToPath(import.meta.url)));

/** Absolute path of a file named relative to the package's top directory. */
export function packageFile(...parts: string[]): string {
  return path.join(packageRoot, ...parts);
}

/** The package's version. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string })
    .version;
}
