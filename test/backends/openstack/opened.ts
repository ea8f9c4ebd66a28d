/** A whole place on a fake cloud, and what a test needs to look at it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { GuestSpec, MediumDevice, StagedMedium } from '../../../backends/backend.ts';
import { makePlace, type OpenstackBackend } from '../../../backends/openstack/place.ts';
import { openCloud } from '../../../backends/openstack/services/open.ts';
import { readOpenstackSettings } from '../../../backends/openstack/settings.ts';
import { placeName } from '../../../backends/openstack/site.ts';
import type { LedgerEntry } from '../../../src/base/ledger-entry.ts';
import {
  type FakeCloud,
  type FakeCloudOptions,
  quickPace,
  startFakeCloud,
} from '../../fakes/fake-cloud.ts';
import { guestSpec, hardware } from '../../fakes/specs.ts';
import { type Setting, type WorkingCloud, workingCloud } from './working-cloud.ts';

export interface OpenedPlace {
  fake: FakeCloud;
  services: WorkingCloud;
  place: OpenstackBackend;
  /** What the ledger holds now, and every entry that it ever held. */
  ledger: { now: LedgerEntry[]; ever: LedgerEntry[] };
  log: string[];
  dir: string;
}

const keyOf = ({ kind, ref, at }: LedgerEntry) => `${kind} ${ref} ${at}`;

export interface Opening extends Setting {
  settings?: Record<string, string>;
  cloud?: FakeCloudOptions;
  /** Milliseconds for each request of a look. */
  waiting?: number;
}

export async function openPlace(opening: Opening = {}): Promise<OpenedPlace> {
  const fake = await startFakeCloud(opening.cloud);
  const services = workingCloud(fake, opening);
  const dir = await mkdtemp(path.join(tmpdir(), 'ozma-place-'));
  const log: string[] = [];
  const held = new Map<string, LedgerEntry>();
  const ever: LedgerEntry[] = [];
  const credentials = fake.credentials(opening.settings?.insecure ? { insecure: 'yes' } : {});
  const cloud = await openCloud(credentials, {
    pace: quickPace,
    log: (line) => log.push(line),
  });
  const place = makePlace(
    {
      cloud,
      settings: readOpenstackSettings(opening.settings),
      context: {
        log: (line) => log.push(line),
        ledger: {
          add(entry) {
            held.set(keyOf(entry), entry);
            ever.push(entry);
          },
          drop: (entry) => void held.delete(keyOf(entry)),
          has: (entry) => held.has(keyOf(entry)),
        },
      },
      at: placeName(cloud),
      buildId: 'b0b0b0b0-0000-4000-8000-000000000000',
      looks: { changing: 5, waiting: opening.waiting ?? 20 },
      own: new Set(),
      tls: { insecure: false, cacert: null },
      warnings: credentials.warnings,
      refused: new Set(),
    },
    (spec) => `<domain>${spec.name}</domain>`,
  );
  fake.requests.length = 0;
  onTestFinished(async () => {
    await place.close().catch(() => {});
    await fake.stop();
    await rm(dir, { recursive: true, force: true });
  });
  return {
    fake,
    services,
    place,
    log,
    dir,
    ledger: {
      get now() {
        return [...held.values()].reverse();
      },
      ever,
    },
  };
}

/** Stages a small file. */
export async function stageText(
  { place, dir }: OpenedPlace,
  role: StagedMedium['role'],
  text: string | Buffer,
): Promise<StagedMedium> {
  const file = path.join(dir, `${role}.bin`);
  await writeFile(file, text);
  return place.stage({ role, path: file, label: `test ${role}` });
}

export const gib = 1024 ** 3;

/** A file that looks like an ISO. */
export function smallIso(): Buffer {
  const bytes = Buffer.alloc(40 * 1024);
  bytes.write('CD001', 32769, 'latin1');
  return bytes;
}

/** What makes Glance take it for a partition table. */
function blankFloppy(): Buffer {
  const bytes = Buffer.alloc(1_474_560);
  bytes.writeUInt16LE(0xaa55, 510);
  return bytes;
}

/** A guest on a disk of its own, ready for its installer. */
export async function installGuestSpec(
  opened: OpenedPlace,
  strategy: 'direct' | 'volumes' | 'rescue',
  more: Partial<GuestSpec> = {},
  answerOn?: MediumDevice,
): Promise<GuestSpec> {
  const { place, dir } = opened;
  const kernel = strategy === 'direct';
  const boot: GuestSpec['boot'] = kernel
    ? {
        kind: 'kernel',
        kernel: await stageText(opened, 'kernel', 'a kernel'),
        initrd: await stageText(opened, 'initrd', 'an initrd'),
        cmdline: 'console=ttyS0 auto=true',
      }
    : { kind: 'cdrom' };
  const media: StagedMedium[] = kernel
    ? []
    : [{ ...(await stageText(opened, 'installer', smallIso())), device: 'cdrom' }];
  if (answerOn) {
    media.push({ ...(await stageText(opened, 'answer', blankFloppy())), device: answerOn });
  }
  const disk = await place.createDisk({
    path: path.join(dir, 'disk'),
    format: 'qcow2',
    size: 4 * gib,
    strategy,
    beside: media.map(({ device = 'cdrom' }) => device),
  });
  return {
    ...guestSpec('web'),
    hardware,
    boot,
    media,
    disk,
    strategy,
    consoleLog: path.join(dir, 'console.log'),
    ...more,
  };
}

/** Requests as a golden file has them: ids that differ from run to run have names. */
export function namedRequests(fake: FakeCloud): unknown {
  const names = new Map<string, string>();
  const name = (id: string) => {
    if (!names.has(id)) names.set(id, `ID-${names.size + 1}`);
    return names.get(id) ?? id;
  };
  const text = JSON.stringify(fake.requests)
    .replaceAll(/"ozma_maker":"[^"]*"/g, '"ozma_maker":"MAKER"')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, name);
  return JSON.parse(text);
}
