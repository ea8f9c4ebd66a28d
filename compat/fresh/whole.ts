/** The README's demo to its end; then its image is looked into, booted, and asked from within. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { packageFile } from '../../src/base/package-root.ts';
import type { Box } from './box.ts';
import { type CellContext, type Figures, failed, mustSucceed } from './cell.ts';
import { type GuestConsole, openConsole } from './console.ts';
import { readmeCommand } from './readme.ts';

/** What the demo prints at its end, by the words before them. */
const results = {
  image: /^demo: image +(\S+)/m,
  xml: /^demo: domain XML +(\S+)/m,
  icicle: /^demo: ICICLE +(\S+)/m,
};

type Results = Record<keyof typeof results, string>;

/** The files that the demo's output names. Throws OZ_FRESH_FAILED where one is not named. */
export function resultsOf(text: string): Results {
  const found = Object.entries(results).map(([name, pattern]) => {
    const file = pattern.exec(text)?.[1];
    if (!file) throw failed(`the demo does not name its ${name}`, text);
    return [name, file] as const;
  });
  return Object.fromEntries(found) as Results;
}

async function lookInto(box: Box, { image, xml, icicle }: Results): Promise<Figures> {
  mustSucceed('qemu-img check', await box.run(`qemu-img check ${image}`));
  const domain = await readFile(box.outside(xml), 'utf8');
  if (!domain.includes(path.basename(image)))
    throw failed('the domain XML has another disk', domain);
  const listed = await readFile(box.outside(icicle), 'utf8');
  const packages = [...listed.matchAll(/<package\b/g)].length;
  if (packages < 100) throw failed(`the ICICLE lists ${packages} packages`, listed);
  return { packages };
}

/** What is asked on the image's own console, and what the answer must be. */
const questions: readonly { ask: string; answer: RegExp }[] = [
  { ask: 'cut -d. -f1 /etc/debian_version', answer: /^13\b/m },
  { ask: 'dpkg --audit | wc -l', answer: /^0\b/m },
  // One look into each of what a build must not leave inside.
  { ask: 'cat /root/.ssh/authorized_keys 2>/dev/null | wc -l', answer: /^0\b/m },
];

/** Logs in at the console's prompt, and asks. Throws OZ_FRESH_FAILED for another answer. */
export async function askInside(guest: GuestConsole, password: string): Promise<void> {
  guest.send('root');
  await guest.expect(/Password: /, 60);
  guest.send(password);
  await guest.expect(/[#$] $/, 120);
  for (const { ask, answer } of questions) {
    guest.send(ask);
    const said = await guest.expect(/[#$] $/, 60);
    // What was typed comes back first.
    const answered = said.replace(/^[^\n]*\n/, '');
    if (!answer.test(answered)) throw failed(`${ask} gives another answer`, said);
  }
}

async function bootAndAsk(context: CellContext, box: Box, image: string): Promise<Figures> {
  const text = await readFile(packageFile('tdl-examples/debian-13.tdl'), 'utf8');
  const password = /<rootpw>([^<]*)<\/rootpw>/.exec(text)?.[1] ?? '';
  const socket = '/tmp/serial.sock';
  const machine = ['-snapshot', '-m', '1024', '-display', 'none', '-nic', 'none'];
  machine.push('-drive', `file=${image},format=qcow2,if=virtio`);
  machine.push('-serial', `unix:${socket},server=on,wait=on`);
  const begin = Date.now();
  const ended = box.run(`exec qemu-system-x86_64 ${machine.join(' ')}`).then(({ text }): never => {
    throw failed('the image does not boot', text);
  });
  // When the box is closed nobody waits for it any more.
  ended.catch(() => {});
  const opening = openConsole(box.outside(socket), context.signal);
  opening.catch(() => {});
  const guest = await Promise.race([opening, ended]);
  try {
    // The kernel may print something behind a prompt.
    await Promise.race([guest.expect(/ login: /, 20 * 60), ended]);
    const seconds = Math.round((Date.now() - begin) / 1000);
    context.say(`the image boots to its login in ${seconds} s`);
    await askInside(guest, password);
    return { boot: seconds };
  } finally {
    guest.close();
  }
}

export async function whole(context: CellContext): Promise<Figures> {
  const command = await readmeCommand('npm run demo');
  const { box, folder } = await context.openClone();
  const begin = Date.now();
  const result = await box.run(command, { cwd: folder });
  mustSucceed(command, result);
  const seconds = Math.round((Date.now() - begin) / 1000);
  context.say(`${command} is done after ${seconds} s`);
  const files = resultsOf(result.text);
  const inside = await lookInto(box, files);
  return { demo: seconds, ...inside, ...(await bootAndAsk(context, box, files.image)) };
}
