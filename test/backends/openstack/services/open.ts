/** A fake cloud, opened, both gone with the test. */
import { onTestFinished } from 'vitest';
import { type OpenCloudOptions, openCloud } from '../../../../backends/openstack/services/open.ts';
import type { Cloud } from '../../../../backends/openstack/services/types.ts';
import {
  type FakeCloud,
  type FakeCloudOptions,
  quickPace,
  startFakeCloud,
} from '../../../fakes/fake-cloud.ts';

export interface Opened {
  fake: FakeCloud;
  cloud: Cloud;
  log: string[];
}

export async function fakeCloud(options: FakeCloudOptions = {}): Promise<FakeCloud> {
  const fake = await startFakeCloud(options);
  onTestFinished(() => fake.stop());
  return fake;
}

/** Requests before are forgotten: `fake.requests` begins behind the opening. */
export async function opened(
  options: FakeCloudOptions = {},
  settings: Record<string, string> = {},
  how: OpenCloudOptions = {},
): Promise<Opened> {
  const fake = await fakeCloud(options);
  const log: string[] = [];
  const cloud = await openCloud(fake.credentials(settings), {
    pace: quickPace,
    log: (line) => log.push(line),
    ...how,
  });
  fake.requests.length = 0;
  return { fake, cloud, log };
}

/** What an action throws. */
export async function failureOf(
  act: Promise<unknown>,
): Promise<Error & { code: string; hint?: string }> {
  try {
    await act;
  } catch (error) {
    return error as Error & { code: string };
  }
  throw new Error('it did not fail');
}
