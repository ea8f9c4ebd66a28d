/** What makes a system say its address: run for real, with a routing table and an ip of our own. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { announced } from '../../src/base/announcement.ts';
import { runTool } from '../../src/base/run-tool.ts';
import { parseUndo, undoText } from '../../src/customize/access-undo.ts';
import { announceFiles, announceScript } from '../../src/customize/announce.ts';

let dir: string;
const at = (name: string) => path.join(dir, name);
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ozma-announce-'));
});
afterEach(() => rm(dir, { recursive: true }));

const head = 'Iface\tDestination\tGateway\tFlags\n';
const local = 'ens3\t007AA8C0\t00000000\t0001\n';
const outward = 'ens3\t00000000\t017AA8C0\t0003\n';

async function say(routes: string, line: string): Promise<string> {
  await writeFile(at('routes'), routes);
  await writeFile(at('port'), '');
  await writeFile(at('ip'), `#!/bin/sh\necho "$*" >${at('asked')}\necho '${line}'\n`);
  await chmod(at('ip'), 0o755);
  await writeFile(at('script'), announceScript('guest-1'));
  await runTool('sh', [at('script'), 'once'], {
    env: {
      PATH: `${dir}:/usr/bin:/bin`,
      ROUTES: at('routes'),
      PORTS: `/nowhere/ttyS9 ${at('port')}`,
    },
  });
  return readFile(at('port'), 'utf8');
}

const line = '2: ens3    inet 192.168.122.50/24 brd 192.168.122.255 scope global dynamic ens3';

it('says the address of the device with the default route', async () => {
  const said = await say(head + local + outward, line);
  expect(announced(said, 'guest-1')).toBe('192.168.122.50');
  expect(await readFile(at('asked'), 'utf8')).toContain('dev ens3');
});

it('says nothing before there is a route or an address', async () => {
  expect(await say(head + local, line)).toBe('');
  expect(await say(head + outward, '')).toBe('');
});

it('is started by systemd, else by cron, and all of it can be undone', () => {
  for (const systemd of [true, false]) {
    const { files, link } = announceFiles('guest-1', systemd);
    const paths = [...(link ? [link.path] : []), ...files.map((file) => file.path)];
    const steps = paths.map((file) => ({ verb: 'rm' as const, path: file }));
    expect(parseUndo(undoText(steps)).map((step) => step.path)).toEqual(paths);
    expect(paths.some((file) => file.startsWith('/etc/cron.d/'))).toBe(!systemd);
    expect(link !== undefined).toBe(systemd);
  }
});
