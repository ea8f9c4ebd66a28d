/** What is asked of a cloud for each strategy, from the files to the finished image. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { Guest, MediumDevice, StopEvent } from '../../../backends/backend.ts';
import { hardware } from '../../fakes/specs.ts';
import { gib, installGuestSpec, namedRequests, type OpenedPlace, openPlace } from './opened.ts';

const goldenDir = new URL('../../golden/openstack/', import.meta.url).pathname;

function expectGolden(name: string, value: unknown): void {
  const file = path.join(goldenDir, `${name}.json`);
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (process.env.OZMA_UPDATE_GOLDEN) {
    mkdirSync(goldenDir, { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, 'utf8'));
}

/** Power-offs are noticed by looking; looks themselves are no part of a golden file. */
const isLook = ({ method, path: at }: { method: string; path: string }) =>
  (method === 'GET' && /\/(servers|volumes|images)\/[^/]+$/.test(at)) || /diagnostics/.test(at);

function changes({ fake }: OpenedPlace): unknown {
  fake.requests.splice(
    0,
    fake.requests.length,
    ...fake.requests.filter(
      (request) =>
        !isLook(request) && !JSON.stringify(request.json ?? '').includes('os-getConsoleOutput'),
    ),
  );
  return namedRequests(fake);
}

async function runToPowerOff(opened: OpenedPlace, guest: Guest): Promise<StopEvent> {
  const stopped = new Promise<StopEvent>((resolve) => guest.onStop(resolve));
  await guest.start();
  opened.services.powerOff();
  return stopped;
}

const entry = {
  name: 'web',
  os: { distro: 'debian', version: '13', type: 'linux' },
  hardware,
  minDisk: 4 * gib,
  minRam: 256,
} as const;

interface Case {
  strategy: 'direct' | 'volumes' | 'rescue';
  answerOn?: MediumDevice;
}

const cases: Case[] = [
  { strategy: 'direct' },
  { strategy: 'direct', answerOn: 'floppy' },
  { strategy: 'volumes', answerOn: 'usb' },
  { strategy: 'volumes', answerOn: 'floppy' },
  { strategy: 'rescue' },
];

for (const { strategy, answerOn } of cases) {
  const name = answerOn === undefined ? strategy : `${strategy}-${answerOn}`;
  it(`installs by ${name} and leaves nothing but the image`, async () => {
    const opened = await openPlace();
    const { place, services, ledger } = opened;
    await place.capabilities();
    const userData = strategy === 'rescue' ? 'answers' : undefined;
    const spec = await installGuestSpec(opened, strategy, { userData }, answerOn);
    const guest = await place.createGuest(spec);
    expect(await runToPowerOff(opened, guest)).toEqual({ reason: 'shutdown' });
    const taken = await guest.takeDisk();
    await guest.destroy();

    const second = await place.createGuest({
      ...spec,
      ...{ disk: taken, media: [], boot: { kind: 'disk' }, purpose: 'run', userData: undefined },
    });
    await runToPowerOff(opened, second);
    const sealed = await second.takeDisk();
    await second.destroy();
    const published = await place.publish?.(sealed, entry);
    for (const one of ledger.now) if (one.ref !== published?.id) await place.remove(one);

    // the kernel or the ISO stays for later builds
    expect(services.left()).toEqual({ images: 2, servers: 0, volumes: 0, floatingIps: 0 });
    const image = services.images.get(published?.id ?? '');
    expect(image).toMatchObject({
      name: 'web',
      min_disk: 4,
      min_ram: 256,
      os_distro: 'debian',
      os_version: '13',
      os_type: 'linux',
      hw_disk_bus: 'virtio',
      ozma_result: 'web',
    });
    for (const trace of [
      'kernel_id',
      'ramdisk_id',
      'os_command_line',
      'instance_uuid',
      'ozma_tag',
    ]) {
      expect(image).not.toHaveProperty(trace);
    }
    expectGolden(`strategy-${name}`, changes(opened));
  });
}
