import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { StagedDisk } from '../../backends/backend.ts';
import { readGuest, runExisting } from '../../src/compose/run-existing.ts';
import { readSettings } from '../../src/compose/settings.ts';
import { createEventStream } from '../../src/engine/event-stream.ts';
import { memoryPlace, type Workshop, workshop } from '../cli/memory-place.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';

/** What happens while the guest works. */
let meanwhile = () => {};

vi.mock('../../src/engine/second-boot.ts', () => ({
  workInGuest: async (_context: unknown, disk: StagedDisk) => {
    meanwhile();
    copyFileSync(disk.ref, `${disk.ref}.customised`);
    return { disk: { ...disk, ref: `${disk.ref}.customised` } };
  },
}));

let place: Workshop;
const at = (...parts: string[]) => path.join(place.dir, ...parts);

beforeEach(() => {
  place = workshop('http://example.org/debian/dists/trixie/');
  for (const name of ['xml', 'cloud/disks']) mkdirSync(at(name), { recursive: true });
  writeFileSync(at('cloud/disks/old'), 'as built');
  writeFileSync(
    at('xml/web.xml'),
    `<domain type='kvm'><name>web</name>
  <metadata><o:published xmlns:o='urn:ozma:domain:1' cloud='memory:///' image='old' name='web' user-data='yes'/></metadata>
  <memory unit='MiB'>512</memory><os><type arch='x86_64'>hvm</type></os>
  <devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><target dev='vda' bus='virtio'/></disk></devices>
</domain>
`,
  );
});
afterEach(() => {
  meanwhile = () => {};
  place.remove();
});

async function customise() {
  const catalogue = new Map([['old', at('cloud/disks/old')]]);
  const userData = { maxBytes: 48_000, configDrive: true, url: null };
  const { find } = memoryPlace({
    ...{ remote: true, catalogue, capabilities: { userData } },
    publishWarning: 'it is not public',
  });
  const line = { config: at('oz.cfg'), backend: 'openstack' } as const;
  const settings = await readSettings(line, at('x.tdl'), { env: osinfoEnv, cwd: place.dir }, find);
  const warnings: string[] = [];
  const done = runExisting(settings, {
    named: await readGuest(at('xml/web.xml'), 'web.xml', { arch: 'x86_64' }),
    options: { customize: true, icicle: false, forceDownload: false, cleanup: false },
    stream: createEventStream(),
    signal: new AbortController().signal,
    onWarnings: (some) => warnings.push(...some),
  });
  return { done, warnings, catalogue };
}

it('lets the XML name the new image, and tells what did not go as asked', async () => {
  const { done, warnings, catalogue } = await customise();
  await done;
  const [id] = [...catalogue.keys()];
  expect(id).not.toBe('old');
  expect(readFileSync(at('xml/web.xml'), 'utf8')).toContain(`image="${id}"`);
  expect(warnings).toEqual(['it is not public']);
});

it('tells the id of the new image where the XML can not be written any more', async () => {
  meanwhile = () => rmSync(at('xml'), { recursive: true });
  const { done, catalogue } = await customise();
  const failure = await done.then(String, (error: Error) => error.message);
  const [id] = [...catalogue.keys()];
  expect(failure).toMatch(`name the new image ${id} of memory:///`);
});

it('makes nothing where the XML can not be written from the begin', async () => {
  const { done, catalogue } = await customise();
  rmSync(at('xml'), { recursive: true }); // it has been read
  await expect(done).rejects.toMatchObject({ code: 'OZ_OUTPUT' });
  expect([...catalogue.keys()]).toEqual(['old']);
});
