/** Whole builds on the stand-in installer: by URL, by ISO, and as a user without any rights. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { startStandinRig } from '../../compat/rigs/standin/rig.ts';
import { buildAndCheck } from './support/build-and-check.ts';
import { expectDelivered, expectSealed, expectWorking } from './support/checks.ts';
import { lookInside } from './support/inside-image.ts';
import { ozInstall } from './support/run-oz.ts';
import { extraInside, tdlText } from './support/tdl.ts';
import { makeUser, type TemporaryUser } from './support/user.ts';
import { makeWorkspace, type Workspace } from './support/workspace.ts';

const session = 'qemu:///session';

let rig: Rig;
beforeAll(async () => {
  rig = await startStandinRig();
});
afterAll(() => rig.close());

/** host:port of the rig, as a guest with user-mode networking reaches it. */
const seenByGuest = () => new URL(rig.url).host.replace('127.0.0.1', '10.0.2.2');

describe('as root, through qemu:///session', () => {
  let workspace: Workspace;
  beforeEach(async () => {
    workspace = await makeWorkspace({ libvirt: { uri: session, image_type: 'qcow2' } });
  });
  afterEach(() => workspace.remove());

  it('builds from a URL on this very machine', async () => {
    await buildAndCheck(
      workspace,
      session,
      'url',
      tdlText({ name: 'url', install: { url: `${rig.url}/dists/trixie/` } }),
    );
  });

  it('builds from an ISO with a checksum, with a file more on it', async () => {
    const install = {
      iso: rig.isoUrl,
      sha256sum: new URL('SHA256SUMS', rig.isoUrl).href,
    };
    const kernelparam = `mirror/http/hostname=${seenByGuest()}`;
    const extra = await workspace.write('extra', 'added\n');
    const tdl = tdlText({ name: 'iso', install, kernelparam, extra });
    await buildAndCheck(workspace, session, 'iso', tdl);
    const inside = await lookInside(workspace.at('images', 'iso.qcow2'));
    try {
      expect(await inside.read(extraInside)).toBe('added\n');
    } finally {
      await inside.close();
    }
  });
});

describe('as a user without /dev/kvm, a daemon, or a configuration', () => {
  let user: TemporaryUser;
  beforeAll(async () => {
    user = await makeUser();
  });
  afterAll(() => user.remove());

  it('builds with the defaults', async () => {
    // The time limits alone, since other work shares the processors.
    await user.write('.oz/oz.cfg', '[timeouts]\nboot = 1200\ninactivity = 900\nshutdown = 600\n');
    const tdl = await user.write(
      'plain.tdl',
      tdlText({ name: 'plain', install: { url: `${rig.url}/dists/trixie/` } }),
    );
    const outputs = {
      domainXml: path.join(user.home, 'plain.xml'),
      icicle: path.join(user.home, 'plain.icicle'),
    };
    const run = await ozInstall(['-u', '-g', '-i', outputs.icicle, '-x', outputs.domainXml, tdl], {
      cwd: user.home,
      env: user.env,
      user: user.name,
    });
    expect(run.events[0]).toMatchObject({ summary: expect.stringContaining(session) });
    const image = run.result?.image ?? '';
    expectDelivered(run, { ...outputs, image });
    expect(image.startsWith(user.home)).toBe(true);
    expect((await stat(image)).uid).not.toBe(0);
    await expectSealed(image);
    await expectWorking(image);
  });
});
