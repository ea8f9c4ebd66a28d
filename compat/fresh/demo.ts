/** README's first command, until the installer that it starts writes to its disk. */
import { type CellContext, type Figures, failed } from './cell.ts';
import { firstWrite } from './disks.ts';
import { readmeCommand } from './readme.ts';

export async function demo(context: CellContext): Promise<Figures> {
  const { say } = context;
  const command = await readmeCommand('npm run demo');
  const { box, folder } = await context.openClone();
  const begin = Date.now();
  const found = new AbortController();
  const signal = AbortSignal.any([context.signal, found.signal]);
  try {
    const disk = await Promise.race([
      box.run(command, { cwd: folder }).then(({ code, text }) => {
        throw failed(`${command} ended with ${code} before its installer wrote anything`, text);
      }),
      firstWrite([box.outside(folder)], signal),
    ]);
    const seconds = Math.round((Date.now() - begin) / 1000);
    say(`${disk} is written to after ${seconds} s of ${command}`);
    return { 'first-write': seconds };
  } finally {
    found.abort();
  }
}
