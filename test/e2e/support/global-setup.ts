/** Builds the commands once, and refuses to start where the tests can't be run in full. */
import { existsSync } from 'node:fs';
import { packageFile } from '../../../src/base/package-root.ts';
import { runTool } from '../../../src/base/run-tool.ts';

export default async function setup(): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new Error(
      'the end-to-end tests make a user, a bridge and a root file system: run them as root',
    );
  }
  if (!process.env.OZMA_E2E_BUILT || !existsSync(packageFile('dist/src/cli/oz-install.js'))) {
    await runTool('npm', ['run', 'build', '--silent'], { cwd: packageFile() });
  }
}
