/**
 * Guests that misbehave: each gives one clear error with a hint, an evidence
 * folder, exit code 1, and leaves nothing behind.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { startStandinRig } from '../../compat/rigs/standin/rig.ts';
import { expectNothingLeft } from './support/checks.ts';
import { explain, ozInstall } from './support/run-oz.ts';
import { mountSmallDisk } from './support/small-disk.ts';
import { rootPassword, tdlText } from './support/tdl.ts';
import { makeWorkspace, type WorkspaceOptions } from './support/workspace.ts';

const session = 'qemu:///session';

interface Failure {
  title: string;
  /** The stand-in's way to fail. */
  kernelparam: string;
  timeouts?: WorkspaceOptions['timeouts'];
  code: RegExp;
  /** What the console log in the evidence must show. */
  console: RegExp;
  /** What the message must say. */
  says?: RegExp;
  /** Size of the file system that the image is made on. */
  room?: string;
}

const failures: Failure[] = [
  {
    title: 'an installer that hangs',
    kernelparam: 'standin.hang',
    timeouts: { inactivity: 30 },
    code: /^OZ_INSTALL_INACTIVE$/,
    console: /standin\.hang: doing nothing/,
  },
  {
    title: 'an installer whose kernel panics',
    kernelparam: 'standin.panic',
    code: /^OZ_INSTALL_FAILED$/,
    console: /Kernel panic/,
  },
  {
    title: 'an installer that gives up',
    kernelparam: 'standin.fail',
    code: /^OZ_INSTALL_FAILED$/,
    console: /Installation step failed/,
  },
  {
    title: 'an installer that works past the deadline',
    kernelparam: 'standin.busy',
    timeouts: { install: 120 },
    code: /^OZ_INSTALL_TIMEOUT$/,
    console: /standin\.busy: writing for ever/,
  },
  {
    title: 'an sshd that never answers',
    kernelparam: 'standin.nossh',
    timeouts: { boot: 90 },
    code: /^OZ_SSH_/,
    console: /login:|Multi-User|multi-user|systemd/,
  },
  {
    title: 'an image that lets in another key only',
    kernelparam: 'standin.wrongkey',
    code: /^OZ_SSH_AUTH$/,
    console: /login:|systemd/,
  },
  {
    title: 'an image whose root has another password',
    kernelparam: 'standin.wrongpw',
    code: /^OZ_ROOT_PASSWORD$/,
    console: /login:|systemd/,
  },
  {
    title: 'a host disk that fills up while the guest writes',
    kernelparam: 'standin.busy',
    code: /^OZ_INSTALL_CRASHED$/,
    says: /the host disk is full/,
    console: /standin\.busy: writing for ever/,
    room: '64m',
  },
];

let rig: Rig;
beforeAll(async () => {
  rig = await startStandinRig();
});
afterAll(() => rig.close());

const titled = failures.map((failure) => [failure.title, failure] as const);

describe.each(titled)('%s', (_title, { kernelparam, timeouts, code, says, room, ...failure }) => {
  it('ends in one clear error, with evidence, and leaves nothing', async () => {
    // qcow2, so that a small file system holds the image until the guest writes.
    const libvirt = { uri: session, type: 'qemu', image_type: 'qcow2' };
    const workspace = await makeWorkspace({ libvirt, timeouts: timeouts ?? {} });
    const unmount = room ? await mountSmallDisk(workspace.at('images'), room) : undefined;
    try {
      const name = kernelparam.replace('standin.', '');
      const install = { url: `${rig.url}/dists/trixie/` };
      const tdl = await workspace.write('bad.tdl', tdlText({ name, install, kernelparam }));
      const run = await ozInstall(['-c', workspace.config, '-u', tdl], {
        cwd: workspace.dir,
        env: workspace.env,
      });
      expect(run.exitCode, explain(run)).toBe(1);
      expect(run.events.filter((event) => event.type === 'error')).toHaveLength(1);
      expect(run.error?.code, explain(run)).toMatch(code);
      expect(run.error?.message).toMatch(/^Cannot /);
      if (says) expect(run.error?.message).toMatch(says);
      expect(run.error?.hint).toBeTruthy();
      expect(run.result).toBeUndefined();

      const evidence = run.error?.evidence ?? '';
      expect(evidence.startsWith(workspace.at('evidence'))).toBe(true);
      const files = await readdir(evidence);
      expect(files).toEqual(expect.arrayContaining(['console.log', 'domain.xml', 'error.json']));
      expect(files).toContain('preseed.cfg');
      expect(files).toContain('screenshot.png');
      const png = await readFile(path.join(evidence, 'screenshot.png'));
      expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
      expect(await readFile(path.join(evidence, 'console.log'), 'utf8')).toMatch(failure.console);
      for (const file of files) {
        expect(await readFile(path.join(evidence, file), 'latin1')).not.toContain(rootPassword);
      }
      expect(await readdir(workspace.at('images'))).toEqual([]);
      await expectNothingLeft(workspace, session, name);
    } finally {
      await unmount?.();
      await workspace.remove();
    }
  });
});

describe('an interrupted build', () => {
  it('leaves nothing behind', async () => {
    const workspace = await makeWorkspace({ libvirt: { uri: session } });
    try {
      const install = { url: `${rig.url}/dists/trixie/` };
      const kernelparam = 'standin.hang';
      const tdl = await workspace.write('int.tdl', tdlText({ name: 'int', install, kernelparam }));
      const run = await ozInstall(['-c', workspace.config, tdl], {
        cwd: workspace.dir,
        env: workspace.env,
        onEvent(event, pid) {
          if (event.type === 'mark' && event.mark === 'guest-started') process.kill(pid, 'SIGINT');
        },
      });
      expect(run.exitCode, explain(run)).toBe(130);
      expect(await readdir(workspace.at('images'))).toEqual([]);
      await expectNothingLeft(workspace, session, 'int');
    } finally {
      await workspace.remove();
    }
  });
});
