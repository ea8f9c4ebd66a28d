/** Worker threads whose script is a file of this project. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

/**
 * Starts the script `name` (without its ending) that lies beside the file
 * `beside`. From dist/ that is all; from the sources (tests, development) the
 * thread gets tsx first, as Node 20 reads no TypeScript. `data` becomes its
 * workerData.
 */
export function startWorker(name: string, beside: string, data?: unknown): Worker {
  const fromSource = beside.endsWith('.ts');
  const script = new URL(`./${name}.${fromSource ? 'ts' : 'js'}`, beside);
  const options = { execArgv: [], workerData: data };
  if (!fromSource) return new Worker(script, options);
  const tsxPackage = createRequire(import.meta.url).resolve('tsx/package.json');
  const tsx = new URL('dist/esm/api/index.mjs', pathToFileURL(tsxPackage));
  const bootstrap = `import { register } from ${JSON.stringify(tsx.href)};
    register();
    await import(${JSON.stringify(script.href)});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(bootstrap)}`), options);
}
