// Loads a built command and runs it; says what to do when nothing is built.
//
// Commands begin as shell scripts, whose second line is a comment here: whether hang-ups are ignored
// (nohup) shows before Node starts only, which sets all signals back.
import { existsSync } from 'node:fs';

/** @param {string} name such as oz-install */
export async function start(name) {
  const cli = new URL('../dist/src/cli/', import.meta.url);
  if (!existsSync(new URL(`${name}.js`, cli))) {
    process.stderr.write(
      `Error: Cannot start ${name}: this copy of Ozma is not built\nHint: run npm run build\n`,
    );
    process.exitCode = 1;
    return;
  }
  const hangUpsIgnored = process.env.OZMA_HANG_UP === 'ignored';
  delete process.env.OZMA_HANG_UP;
  const [{ runAsProcess }, { main }] = await Promise.all([
    import(new URL('process-io.js', cli).href),
    import(new URL(`${name}.js`, cli).href),
  ]);
  await runAsProcess(main, { hangUpsIgnored });
}
