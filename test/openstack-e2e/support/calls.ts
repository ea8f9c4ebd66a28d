/** How often a build has asked the services, by their own logs. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { logFile } from '../../../compat/rigs/openstack/daemons.ts';
import { openStackLayout } from '../../../compat/rigs/openstack/layout.ts';
import type { Run } from '../../e2e/support/run-oz.ts';

const services = ['nova-api', 'glance-api', 'cinder-api', 'neutron-server'];

/** `2026-11-23 03:20:08.599 … "GET /v2.1/… HTTP/1.1" …` with the project's id in its context. */
const request = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) .*?"(?:GET|HEAD|POST|PUT|PATCH|DELETE) /;

/** Nova asks Neutron for these in the user's name, with each server that it shows. */
const novasOwn = /"GET \/v2\.0\/ports\?(?:tenant_id=\w+&)?device_id=/;

/** Times of the project's requests to all services, as milliseconds. */
function requestTimes(projectId: string): number[] {
  const layout = openStackLayout();
  return services
    .flatMap((service) => readFileSync(logFile(layout, service), 'utf8').split('\n'))
    .filter((line) => line.includes(projectId) && !novasOwn.test(line))
    .flatMap((line) => {
      const time = request.exec(line)?.[1];
      return time ? [Date.parse(`${time.replace(' ', 'T')}Z`)] : [];
    })
    .sort((a, b) => a - b);
}

/**
 * Around the waiting: the console's first and last words, who ended the guest, and what the start
 * and the end of a run ask once.
 */
const once = 8;

/** At most twelve calls in each minute in which the build waits for an installer. */
export async function expectCallsSparse(projectId: string, run: Run, begin: Date): Promise<void> {
  const mark = (name: string) =>
    run.events.find(
      (event) =>
        event.type === 'mark' && event.mark === name && event.detail?.purpose === 'install',
    )?.at;
  const [from, to] = [mark('guest-started'), mark('guest-stopped')];
  if (from === undefined || to === undefined) throw new Error('the build tells no times');
  // The log's clock and ours are the same machine's; the build's zero is its start.
  const times = requestTimes(projectId).map((time) => time - begin.getTime());
  const waiting = times.filter((time) => time > from && time < to).length;
  const minutes = (to - from) / 60_000;
  console.log(`  ${waiting} calls in ${minutes.toFixed(1)} minutes of waiting`);
  expect(times.length).toBeGreaterThan(20);
  expect(waiting).toBeLessThanOrEqual(12 * minutes + once);
}
