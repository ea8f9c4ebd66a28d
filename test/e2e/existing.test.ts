/**
 * Images that are there already: oz-customize and oz-generate-icicle as commands,
 * builds that start from the JEOS cache, and an ICICLE of an image that is never booted.
 * The parts build on each other, so that the installer runs no more often than it must.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { startStandinRig } from '../../compat/rigs/standin/rig.ts';
import {
  expectDelivered,
  expectNothingLeft,
  expectSealed,
  expectWorking,
} from './support/checks.ts';
import { lookInside } from './support/inside-image.ts';
import { type Command, explain, type Run, runOz } from './support/run-oz.ts';
import { rootPassword, tdlText } from './support/tdl.ts';
import { makeWorkspace, type Workspace } from './support/workspace.ts';

const session = 'qemu:///session';

let rig: Rig;
beforeAll(async () => {
  rig = await startStandinRig();
});
afterAll(() => rig.close());

const tree = () => ({ url: `${rig.url}/dists/trixie/` });

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

const run = (workspace: Workspace, command: Command, ...args: string[]): Promise<Run> =>
  runOz(command, ['-c', workspace.config, ...args], { cwd: workspace.dir, env: workspace.env });

/** Phases that really ran. */
const phases = (of: Run) =>
  of.events.flatMap((event) => (event.type === 'phase-end' && !event.skipped ? event.phase : []));

describe('an image made without customizing, with [cache] jeos', () => {
  let workspace: Workspace;
  let image: string;
  let domainXml: string;
  let asInstalled: string;
  beforeAll(async () => {
    const libvirt = { uri: session, type: 'qemu', image_type: 'qcow2' };
    workspace = await makeWorkspace({ libvirt, cache: { jeos: 'yes' } });
    image = workspace.at('images/plain.qcow2');
    domainXml = workspace.at('plain.xml');
    const tdl = await workspace.write('plain.tdl', tdlText({ name: 'plain', install: tree() }));
    const built = await run(workspace, 'oz-install', '-x', domainXml, tdl);
    expect(built.exitCode, explain(built)).toBe(0);
    expect(phases(built)).toContain('install');
    await expectNothingLeft(workspace, session, 'plain');
    asInstalled = await sha256(image);
  });
  afterAll(() => workspace?.remove());

  it('stays the same, byte by byte, when a command of oz-customize fails', async () => {
    const command = 'echo half-way | tee /etc/half-way; exit 3';
    const text = tdlText({ name: 'plain', install: tree(), command });
    const tdl = await workspace.write('failing.tdl', text);
    const failed = await run(workspace, 'oz-customize', tdl, domainXml);
    expect(failed.exitCode, explain(failed)).toBe(1);
    expect(failed.error?.message).toMatch(/^Cannot .*\b3\b/s);
    expect(failed.error?.hint).toBeTruthy();
    const output = failed.events.flatMap((event) => (event.type === 'output' ? event.text : []));
    expect(output.join('\n')).toContain('half-way');
    expect(await readdir(failed.error?.evidence ?? '')).toContain('console.log');
    expect(await sha256(image)).toBe(asInstalled);
    await expectNothingLeft(workspace, session, 'plain');
  });

  it('is customized by oz-customize, and sealed', async () => {
    const customised = await run(workspace, 'oz-customize', workspace.at('plain.tdl'), domainXml);
    expect(customised.exitCode, explain(customised)).toBe(0);
    expect(JSON.stringify(customised.events) + customised.stderr).not.toContain(rootPassword);
    await expectNothingLeft(workspace, session, 'plain');
    await expectSealed(image);
    await expectWorking(image);
  });

  it('is listed by oz-generate-icicle, which leaves it as it is', async () => {
    const before = await sha256(image);
    const icicle = workspace.at('plain.icicle');
    const tdl = workspace.at('plain.tdl');
    const listed = await run(workspace, 'oz-generate-icicle', '-i', icicle, tdl, domainXml);
    expect(listed.exitCode, explain(listed)).toBe(0);
    const text = await readFile(icicle, 'utf8');
    expect(text).toMatch(/<package name="figlet"/);
    expect(text).toMatch(/state: install/);
    expect(await sha256(image)).toBe(before);
    await expectNothingLeft(workspace, session, 'plain');
  });

  it('was kept as it was installed, so that the next build needs no installer', async () => {
    const [jeos = ''] = await readdir(workspace.at('data/jeos'));
    expect(jeos).toMatch(/^Debian13x86_64.*\.qcow2$/);
    const kept = await stat(workspace.at('data/jeos', jeos));
    const outputs = {
      image: workspace.at('images/second.qcow2'),
      domainXml: workspace.at('second.xml'),
      icicle: workspace.at('second.icicle'),
    };
    // A tree that is not there shows that it is not asked for.
    const install = { url: `${rig.url}/dists/none/` };
    const rootpw = 'Another, with $ and |';
    const text = tdlText({ name: 'second', install, rootpw });
    const tdl = await workspace.write('second.tdl', text);
    const { icicle, domainXml: xml } = outputs;
    const second = await run(workspace, 'oz-install', '-u', '-g', '-i', icicle, '-x', xml, tdl);
    expectDelivered(second, outputs);
    expect(phases(second)).not.toContain('install');
    expect(second.marks).not.toHaveProperty('guest-started:install');
    expect((await stat(workspace.at('data/jeos', jeos))).mtimeMs).toBe(kept.mtimeMs);
    await expectNothingLeft(workspace, session, 'second');
    await expectSealed(outputs.image);
    expect(JSON.stringify(second.events)).not.toContain(rootpw);
    await expectWorking(outputs.image, rootpw);
  });
});

describe('with [icicle] safe_generation', () => {
  it('-g lists the packages of an image that has never been booted', async () => {
    const libvirt = { uri: session, type: 'qemu', image_type: 'qcow2' };
    const icicle = { safe_generation: 'yes' };
    const workspace = await makeWorkspace({ libvirt, icicle });
    try {
      const file = workspace.at('safe.icicle');
      const tdl = await workspace.write('safe.tdl', tdlText({ name: 'safe', install: tree() }));
      const built = await run(workspace, 'oz-install', '-g', '-i', file, tdl);
      expect(built.exitCode, explain(built)).toBe(0);
      const text = await readFile(file, 'utf8');
      expect(text).toMatch(/<package name="openssh-server"/);
      expect(text).toMatch(/state: install/);
      expect(text).not.toMatch(/figlet/);
      await expectNothingLeft(workspace, session, 'safe');
      const inside = await lookInside(workspace.at('images/safe.qcow2'));
      try {
        // As the installer left it: neither a boot nor libguestfs has mounted it since.
        expect(await inside.lastMounted()).toBe('/target');
        expect(await inside.read('/root/.ssh/authorized_keys')).toBeNull();
      } finally {
        await inside.close();
      }
    } finally {
      await workspace.remove();
    }
  });
});
