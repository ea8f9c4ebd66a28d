/**
 * Upload and download of a large image against a real Glance, beside curl on the
 * same file in the same run. Needs the cloud of compat/rigs/openstack, and dist/.
 *
 *   npx tsx compat/bench/openstack.ts [GiB [rounds]]      (4 and 3 unless told)
 *
 * Timed are the calls themselves: upload() until the image is active and its
 * digest compared; saveImage() until the file is whole, as curl leaves it, and
 * besides until its digest is compared, which a build does while it converts the
 * image; of curl, the whole process. Neither syncs the file; each begins when nothing is left to be
 * written. A round measures both, the order changes with each; the medians count.
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readCredentials } from '../../backends/openstack/auth/credentials.ts';
import type { Cloud } from '../../backends/openstack/services/types.ts';
import { runTool } from '../../src/base/run-tool.ts';
import { signIn } from '../rigs/openstack/cloud-api.ts';
import { cloudsFile, openStackLayout, url } from '../rigs/openstack/layout.ts';
import { median } from './measure.ts';

type Services = typeof import('../../backends/openstack/services/open.ts') &
  typeof import('../../backends/openstack/services/save-image.ts') &
  typeof import('../../backends/openstack/services/upload-source.ts');

/** As built: that is what users run. */
const built = async (name: string): Promise<Services> =>
  import(new URL(`../../dist/backends/openstack/services/${name}.js`, import.meta.url).href);
const { openCloud } = await built('open');
const { saveImage } = await built('save-image');
const { fileSource } = await built('upload-source');

/** What must hold. */
const most = { megabytes: 150 };
const least = { share: 0.8 };
interface Taken {
  seconds: number;
  /** Of the processor. */
  cpu: number;
}

interface Measured extends Taken {
  /** Seconds until the digest has been compared, too. */
  checked: number;
  /** Peak above idle, in MB. */
  megabytes: number;
}

const openBench = (): Promise<Cloud> =>
  openCloud(
    readCredentials({
      env: { OS_CLIENT_CONFIG_FILE: cloudsFile(openStackLayout()), OS_CLOUD: 'demo' },
      cwd: '/',
      home: '/nonexistent',
      settings: {},
    }),
  );

const newImage = (cloud: Cloud) =>
  cloud.glance.createImage({
    name: 'ozma bench',
    diskFormat: 'raw',
    containerFormat: 'bare',
    properties: {},
  });

const memory = (key: string) =>
  Number(
    new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1],
  ) / 1000;

/** In a process of its own: what it does, timed, with the highest memory meanwhile. */
async function inChild(mode: string, file: string, id: string): Promise<Measured> {
  const cloud = await openBench();
  const image = await cloud.glance.image(id);
  if (!image) throw new Error(`no image ${id}`);
  const idle = memory('VmRSS');
  writeFileSync('/proc/self/clear_refs', '5'); // begins the peak anew
  const begin = performance.now();
  const cpu = process.cpuUsage();
  const since = () => (performance.now() - begin) / 1000;
  let seconds: number;
  if (mode === 'upload') {
    await cloud.glance.upload(id, await fileSource(file));
    seconds = since();
  } else {
    const saved = await saveImage(cloud.glance, image, file);
    seconds = since();
    await saved.check();
  }
  const checked = since();
  const { user, system } = process.cpuUsage(cpu);
  cloud.close();
  return { seconds, checked, cpu: (user + system) / 1e6, megabytes: memory('VmHWM') - idle };
}

function measured(mode: string, file: string, id: string): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, ['child', mode, file, id]);
    let result: Measured | undefined;
    child.on('message', (message) => {
      result = message as Measured;
    });
    child.on('exit', (code) =>
      result ? resolve(result) : reject(new Error(`${mode} ended with ${code}`)),
    );
  });
}

/** curl with the same, whole. */
async function curl(mode: string, file: string, id: string): Promise<Taken> {
  const { token } = await signIn('demo');
  const address = `${url('image')}/v2/images/${id}/file`;
  const args = ['-sS', '--fail', '--noproxy', '*', '-H', `X-Auth-Token: ${token}`, '-o'];
  const timed = 'TIMEFORMAT="%3R %3U %3S"; time curl "$@"';
  const { stderr } = await runTool('bash', [
    ...['-c', timed, 'bash', ...args],
    ...(mode === 'upload'
      ? ['/dev/null', '-H', 'Content-Type: application/octet-stream', '-T', file, address]
      : [file, address]),
  ]);
  const [seconds = 0, user = 0, system = 0] = stderr.trim().split(' ').map(Number);
  return { seconds, cpu: user + system };
}

async function makeFile(file: string, gibibytes: number): Promise<void> {
  const out = await open(file, 'w');
  try {
    const block = randomBytes(32 << 20);
    for (let i = 0; i < gibibytes * 32; i++) {
      block.writeUInt32LE(i); // no two alike
      await out.write(block);
    }
    await out.sync();
  } finally {
    await out.close();
  }
}

/** Prints the figures of one way; whether they are as they must be. */
function report(mode: string, size: number, ours: Measured[], theirs: Taken[]): boolean {
  const middle = <T>(list: readonly T[], key: keyof T) =>
    median(list.map((one) => Number(one[key])));
  const seconds = middle(ours, 'seconds');
  const share = middle(theirs, 'seconds') / seconds;
  const shares = ours.map((one, i) => ((theirs[i]?.seconds ?? 0) / one.seconds).toFixed(2));
  const megabytes = Math.max(...ours.map((one) => one.megabytes));
  const perGib = (list: readonly Taken[]) => ((middle(list, 'cpu') / size) * 2 ** 30).toFixed(1);
  process.stdout.write(
    `${mode}: ${(size / 1e6 / seconds).toFixed(0)} MB/s, ${share.toFixed(2)} of curl's (at least ${least.share}; ` +
      `by rounds ${shares.join(' ')}); checked after ${middle(ours, 'checked').toFixed(2)} s, ` +
      `curl ended after ${middle(theirs, 'seconds').toFixed(2)} s; ${megabytes.toFixed(0)} MB above idle (at most ${most.megabytes}); ` +
      `a GiB costs ${perGib(ours)} s of a processor, curl ${perGib(theirs)} s; ` +
      `load ${os.loadavg()[0]?.toFixed(1)}\n`,
  );
  return megabytes <= most.megabytes && share >= least.share;
}

async function bench(gibibytes: number, rounds: number): Promise<boolean> {
  const dir = await mkdtemp('/var/tmp/ozma-bench-');
  const at = (name: string) => path.join(dir, name);
  const cloud = await openBench();
  const made: string[] = [];
  const blank = async () => {
    const { id } = await newImage(cloud);
    made.push(id);
    return id;
  };
  const discard = async () => {
    for (const id of made.splice(0)) await cloud.glance.deleteImage(id);
  };
  const ours: Measured[] = [];
  const theirs: Taken[] = [];
  async function alternate(
    round: number,
    mode: string,
    file: string,
    image: () => Promise<string>,
  ) {
    const ends = [
      async () => void ours.push(await measured(mode, file, await image())),
      async () => void theirs.push(await curl(mode, file, await image())),
    ];
    for (const one of round % 2 ? ends.reverse() : ends) {
      await runTool('sync', []); // what others wrote is no matter of this one
      await one();
      if (mode === 'upload') await discard();
      else await rm(file);
    }
  }
  try {
    await makeFile(at('file'), gibibytes);
    const { size } = await stat(at('file'));
    for (let i = 0; i < rounds; i++) await alternate(i, 'upload', at('file'), blank);
    const up = report('upload', size, ours.splice(0), theirs.splice(0));
    const id = await blank();
    await curl('upload', at('file'), id);
    await rm(at('file'));
    for (let i = 0; i < rounds; i++) await alternate(i, 'download', at('copy'), async () => id);
    return report('download', size, ours, theirs) && up;
  } finally {
    await discard();
    cloud.close();
    await rm(dir, { recursive: true, force: true });
  }
}

async function main(args: string[]): Promise<void> {
  const [first, mode, file, id] = args;
  if (first === 'child' && mode && file && id) {
    process.send?.(await inChild(mode, file, id));
    process.disconnect();
    return;
  }
  process.exitCode = (await bench(Number(first ?? 4), Number(mode ?? 3))) ? 0 : 1;
}

await main(process.argv.slice(2));
