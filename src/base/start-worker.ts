/** Worker threads whose script is a file of this project. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { packageFile } from './package-root.ts';

const fromSource = import.meta.url.endsWith('.ts');

/**
 * Starts a script of this project, named by its path from the top without its
 * ending (`src/media/digest-worker`); tsdown.config.ts must know it as an entry.
 * From dist/ that is all; from the sources (tests, development) the thread gets
 * tsx first, as Node 20 reads no TypeScript. `data` becomes its workerData.
 */
export function startWorker(name: string, data?: unknown): Worker {
  const options = { execArgv: [], workerData: data };
  if (!fromSource) return new Worker(packageFile('dist', `${name}.js`), options);
  const script = pathToFileURL(packageFile(`${name}.ts`));
  const tsxPackage = createRequire(import.meta.url).resolve('tsx/package.json');
  const tsx = new URL('dist/esm/api/index.mjs', pathToFileURL(tsxPackage));
  const bootstrap = `import { register } from ${JSON.stringify(tsx.href)};
    register();
    await import(${JSON.stringify(script.href)});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(bootstrap)}`), options);
}
