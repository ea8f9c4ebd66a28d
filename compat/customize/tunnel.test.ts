/**
 * Package managers in a guest with a network of its own, whose repositories are
 * on this machine's loopback: only the tunnel leads there.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { customise } from '../../src/customize/customise.ts';
import { loadOrCreateKey } from '../../src/customize/keys.ts';
import type { Session } from '../../src/customize/session.ts';
import { commandLine } from '../../src/customize/shell.ts';
import { waitForSsh } from '../../src/customize/wait-ssh.ts';
import { fetchContent } from '../../src/media/content.ts';
import { type Box, bootBox, makeBox, type RunningBox, removeBox } from './box.ts';
import { serveRepository, type TestRepository } from './repository.ts';
import { serveRpms } from './rpm-repository.ts';

let box: Box;
let running: RunningBox;
let session: Session;
const open: TestRepository[] = [];
const keys = mkdtempSync(path.join(tmpdir(), 'ozma-tunnel-'));
const outer = `ozt${process.pid % 100000}`;
const hostEnd = '10.213.77.1';
const guestEnd = '10.213.77.2';

async function linkUp(): Promise<void> {
  for (let left = 100; left > 0; left -= 1) {
    if (existsSync(`/sys/class/net/${outer}`)) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  execFileSync('ip', ['address', 'add', `${hostEnd}/30`, 'dev', outer]);
  execFileSync('ip', ['link', 'set', outer, 'up']);
}

beforeAll(async () => {
  const key = await loadOrCreateKey(path.join(keys, 'key'));
  box = await makeBox(key.publicKey, 'families');
  writeFileSync(
    box.file('etc/ssh/sshd_config.d/50-box.conf'),
    `Port ${box.port}\nPermitRootLogin yes\n`,
  );
  writeFileSync(
    box.file('etc/network/interfaces'),
    `auto lo guest\niface lo inet loopback\niface guest inet static\n  address ${guestEnd}/30\n`,
  );
  rmSync(box.file('etc/apt/sources.list')); // no mirror is in reach
  mkdirSync(box.file('etc/yum.repos.d'), { recursive: true });
  running = bootBox(box, { network: outer });
  await linkUp();
  session = await waitForSsh(
    async () => ({ host: guestEnd, port: box.port }),
    { username: 'root', privateKey: key.privateKey },
    { timeoutMs: 300_000, isAlive: async () => running.alive() },
  );
});

afterAll(async () => {
  await session?.close();
  await running?.kill();
  await Promise.all(open.map((repository) => repository.stop()));
  rmSync(keys, { recursive: true, force: true });
  if (box) removeBox(box);
});

async function repositoryFor(manager: string): Promise<{ made: TestRepository; line: string }> {
  if (manager === 'apt') {
    const made = await serveRepository([['apt-far', '1.0']]);
    return { made, line: `deb ${made.url} ./` };
  }
  const inside = (...words: string[]) => session.run(commandLine(words));
  const made = await serveRpms(box, inside, [[`${manager}-far`, '1.0']]);
  // A database without a single package is no system to zypper.
  await serveRpms(box, inside, [[`${manager}-kept`, '1']]).then((kept) => kept.stop());
  await inside('rpm', '-i', `/srv/rpms-${manager}-kept/noarch/${manager}-kept-1-1.noarch.rpm`);
  return { made, line: made.url };
}

it.each(['apt', 'dnf', 'zypper'])('%s reaches what only this machine reaches', async (manager) => {
  const { made, line } = await repositoryFor(manager);
  open.push(made);
  const port = made.url.replace(/.*:/, '');
  const direct = await session.run(`bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port}'`, {
    okCodes: 'any',
  });
  expect(direct.code).not.toBe(0);
  const output: string[] = [];
  await customise(
    session,
    {
      packageManager: manager,
      steps: [
        {
          kind: 'repository',
          ...{ name: 'far', url: line, signed: false, sslverify: true, persisted: true },
        },
        { kind: 'packages', packages: [{ name: `${manager}-far` }] },
      ],
    },
    {
      fetchContent: (url) => fetchContent(url),
      emitOutput: (source, text) => output.push(`${source}: ${text}`),
      mask: (text) => text,
    },
  );
  expect(output[0]).toBe(
    `repositories: 127.0.0.1:${port}: reached through the machine that runs the build`,
  );
  expect(box.read(`usr/share/${manager}-far/version`)).toBe('1.0\n');
  expect(made.requests.length).toBeGreaterThan(1);
  // What stays in the image names the repository itself, not the tunnel.
  const grep = `grep -rl 'proxy' /etc/apt/apt.conf.d /etc/yum.repos.d /etc/zypp/repos.d; grep -rlF '${made.url}' /etc`;
  const { stdout } = await session.run(grep, { okCodes: 'any' });
  expect(stdout).toMatch(/^\/etc\/\S*far\.(list|repo)\n$/);
  rmSync(box.file(stdout.trim().slice(1)));
});
