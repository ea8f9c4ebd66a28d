/**
 * Builds that fail before a guest runs: oz-install ends with one clear error, a hint
 * and exit code 1, and leaves nothing behind.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { startStandinRig } from '../../compat/rigs/standin/rig.ts';
import { runTool } from '../../src/base/run-tool.ts';
import { expectNothingLeft } from './support/checks.ts';
import { explain, ozInstall } from './support/run-oz.ts';
import { mountSmallDisk } from './support/small-disk.ts';
import { tdlText } from './support/tdl.ts';
import { makeWorkspace, type Workspace } from './support/workspace.ts';

const session = 'qemu:///session';
const name = 'refused';

/** Media that no installer comes out of; a tree is any directory below /dists. */
const badMedia: RequestListener = (request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname.startsWith('/cut-off/')) {
    // As long as promised it never gets, whatever range is asked for.
    response.writeHead(200, { 'content-length': 1_000_000 });
    if (request.method === 'HEAD') response.end();
    else response.write('x'.repeat(1000), () => setTimeout(() => response.destroy(), 50));
  } else if (pathname.endsWith('/SHA256SUMS')) {
    response.end(`${'0'.repeat(64)}  any.iso\n`);
  } else if (pathname.endsWith('.iso')) {
    response.end('not what was promised');
  } else {
    response.writeHead(404).end();
  }
};

let rig: Rig;
let server: Server;
let base: string;
beforeAll(async () => {
  rig = await startStandinRig();
  server = createServer(badMedia);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await rig.close();
});

/** A port that nothing listens on. */
async function closedPort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

const tree = (url: string) => tdlText({ name, install: { url: `${url}/dists/trixie/` } });
const iso = (url: string, sha256sum?: string) =>
  tdlText({ name, install: { iso: url, ...(sha256sum ? { sha256sum } : {}) } });

/** The first half of the stand-in's ISO, as a broken copy would be. */
async function halfAnIso(workspace: Workspace): Promise<string> {
  const whole = Buffer.from(await (await fetch(rig.isoUrl)).arrayBuffer());
  await writeFile(workspace.at('half.iso'), whole.subarray(0, whole.length / 2));
  return `file://${workspace.at('half.iso')}`;
}

const virsh = (workspace: Workspace, ...args: string[]) =>
  runTool('virsh', ['-c', session, ...args], { env: workspace.env });

async function defineDomain(workspace: Workspace): Promise<() => Promise<void>> {
  const xml = `<domain type="qemu"><name>${name}</name><memory>65536</memory>
    <os><type arch="x86_64">hvm</type></os></domain>`;
  await virsh(workspace, 'define', await workspace.write('other.xml', xml));
  return async () => {
    // It is somebody else's: it must still be there.
    const { stdout } = await virsh(workspace, 'list', '--all', '--name');
    expect(stdout.toString('utf8').split('\n')).toContain(name);
    await virsh(workspace, 'undefine', name);
  };
}

async function writeImage(workspace: Workspace): Promise<() => Promise<void>> {
  const image = workspace.at('images', `${name}.qcow2`);
  await writeFile(image, 'precious');
  return async () => {
    expect(await readFile(image, 'utf8')).toBe('precious');
    await runTool('rm', [image]);
  };
}

interface Refusal {
  title: string;
  code: RegExp;
  /** What the message must name. */
  says: RegExp;
  /** The TDL's text; absent: no such file. */
  tdl?: (workspace: Workspace) => string | Promise<string>;
  libvirt?: Record<string, string>;
  /** Returns what undoes it, with the checks that go with that. */
  prepare?: (workspace: Workspace) => Promise<() => Promise<unknown>>;
}

const refusals: Refusal[] = [
  { title: 'a TDL that is not there', code: /^OZ_TDL_FILE$/, says: /bad\.tdl/ },
  {
    title: 'a TDL that is no XML',
    code: /^OZ_TDL_/,
    says: /bad\.tdl.*line 2\b/s,
    tdl: () => '<template>\n<name>x</nome></template>',
  },
  {
    title: 'a TDL without an architecture',
    code: /^OZ_TDL_/,
    says: /bad\.tdl.*\barch\b/s,
    tdl: () => tree(rig.url).replace('<arch>x86_64</arch>', ''),
  },
  {
    title: 'a server that nobody reaches',
    code: /^OZ_DOWNLOAD_UNREACHABLE$/,
    says: /127\.0\.0\.1/,
    tdl: async () => tree(`http://127.0.0.1:${await closedPort()}`),
  },
  {
    title: 'a tree without an installer',
    code: /^OZ_DOWNLOAD_NOT_FOUND$/,
    says: /\/nothing\//,
    tdl: () => tree(`${base}/nothing`),
  },
  {
    title: 'an ISO file that is not there',
    code: /^OZ_DOWNLOAD_NOT_FOUND$/,
    says: /none\.iso/,
    tdl: (workspace) => iso(`file://${workspace.at('none.iso')}`),
  },
  {
    title: 'a download that always breaks off',
    code: /^OZ_DOWNLOAD_TRUNCATED$/,
    says: /any\.iso/,
    tdl: () => iso(`${base}/cut-off/any.iso`),
  },
  {
    title: 'half an ISO',
    code: /^OZ_ISO$/,
    says: /half\.iso|\.iso/,
    tdl: async (workspace) => iso(await halfAnIso(workspace)),
  },
  {
    title: 'an ISO with another checksum',
    code: /^OZ_DOWNLOAD_CHECKSUM$/,
    says: /any\.iso/,
    tdl: () => iso(`${base}/any.iso`, `${base}/SHA256SUMS`),
  },
  {
    title: 'an installer that does not fit on the disk',
    code: /^OZ_NO_SPACE$/,
    says: /free|full/,
    tdl: () => iso(rig.isoUrl),
    prepare: (workspace) => mountSmallDisk(workspace.at('data'), '2m'),
  },
  {
    title: 'a hypervisor that is not there',
    code: /^OZ_LIBVIRT_/,
    says: /libvirt/,
    tdl: () => tree(rig.url),
    libvirt: { uri: 'qemu+unix:///system?socket=/nowhere/libvirt-sock' },
  },
  {
    title: 'a guest of this name',
    code: /^OZ_GUEST_EXISTS$/,
    says: /refused already exists/,
    tdl: () => tree(rig.url),
    prepare: defineDomain,
  },
  {
    title: 'an image of this name',
    code: /^OZ_DISK_EXISTS$/,
    says: /already exists/,
    tdl: () => tree(rig.url),
    prepare: writeImage,
  },
];

const titled = refusals.map((refusal) => [refusal.title, refusal] as const);

describe.each(titled)('%s', (_title, refusal) => {
  it('is one clear error, and leaves nothing', async () => {
    // Without a look whether KVM works, which takes longer than all the rest.
    const libvirt = { uri: session, type: 'qemu', image_type: 'qcow2', ...refusal.libvirt };
    const workspace = await makeWorkspace({ libvirt });
    let undo = await refusal.prepare?.(workspace);
    onTestFinished(async () => {
      await undo?.();
      await workspace.remove();
    });
    const text = await refusal.tdl?.(workspace);
    if (text !== undefined) await workspace.write('bad.tdl', text);
    const run = await ozInstall(['-c', workspace.config, '-u', workspace.at('bad.tdl')], {
      cwd: workspace.dir,
      env: workspace.env,
    });
    expect(run.exitCode, explain(run)).toBe(1);
    expect(run.events.filter((event) => event.type === 'error')).toHaveLength(1);
    expect(run.error?.code, explain(run)).toMatch(refusal.code);
    expect(run.error?.message).toMatch(/^Cannot /);
    expect(run.error?.message).toMatch(refusal.says);
    expect(run.error?.hint).toBeTruthy();
    expect(run.stderr.match(/^Error: /gm)).toHaveLength(1);
    expect(run.result).toBeUndefined();
    // No guest has run, so there is nothing to show of one.
    expect(run.error?.evidence).toBeUndefined();
    expect(existsSync(workspace.at('evidence'))).toBe(false);
    expect(await workspace.leftovers()).toEqual([]);
    await undo?.();
    undo = undefined;
    expect(await readdir(workspace.at('images'))).toEqual([]);
    await expectNothingLeft(workspace, session, name);
  });
});
