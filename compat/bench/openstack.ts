/**
 * Upload and download of a large image against a real Glance, beside curl on the
 * same file in the same run. Needs the cloud of compat/rigs/openstack.
 *
 *   npx tsx compat/bench/openstack.ts [GiB]      (4 unless told)
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readCredentials } from '../../backends/openstack/auth/credentials.ts';
import { openCloud } from '../../backends/openstack/services/open.ts';
import type { Cloud } from '../../backends/openstack/services/types.ts';
import { fileSource } from '../../backends/openstack/services/upload-source.ts';
import { runTool } from '../../src/base/run-tool.ts';
import { signIn } from '../rigs/openstack/cloud-api.ts';
import { cloudsFile, openStackLayout, url } from '../rigs/openstack/layout.ts';

/** What must hold. */
const most = { megabytes: 150 };
const least = { share: 0.8 };
/** The better one of so many counts: other work disturbs both alike. */
const rounds = 2;

interface Measured {
  seconds: number;
  /** Of the processor. */
  cpu: number;
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
  if (mode === 'upload') await cloud.glance.upload(id, await fileSource(file));
  else await pipeline(cloud.glance.download(image), createWriteStream(file));
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  cloud.close();
  return { seconds, cpu: (user + system) / 1e6, megabytes: memory('VmHWM') - idle };
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

/** Seconds that curl takes for the same. */
async function curl(mode: string, file: string, id: string): Promise<number> {
  const { token } = await signIn('demo');
  const address = `${url('image')}/v2/images/${id}/file`;
  const args = ['-sS', '--fail', '--noproxy', '*', '-H', `X-Auth-Token: ${token}`, '-o'];
  const begin = performance.now();
  await runTool(
    'curl',
    mode === 'upload'
      ? [...args, '/dev/null', '-H', 'Content-Type: application/octet-stream', '-T', file, address]
      : [...args, file, address],
  );
  return (performance.now() - begin) / 1000;
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

async function bench(gibibytes: number): Promise<boolean> {
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
  let good = true;
  try {
    await makeFile(at('file'), gibibytes);
    const size = (await stat(at('file'))).size;
    for (const mode of ['upload', 'download']) {
      const ours: Measured[] = [];
      const theirs: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const file = mode === 'upload' ? at('file') : at('copy');
        const source = made[0];
        const id = mode === 'download' && source ? source : await blank();
        if (mode === 'download' && !source) await curl('upload', at('file'), id);
        ours.push(await measured(mode, file, id));
        const other = mode === 'download' ? id : await blank();
        theirs.push(await curl(mode, file, other));
        if (mode === 'upload') await discard();
      }
      const seconds = Math.min(...ours.map((one) => one.seconds));
      const megabytes = Math.max(...ours.map((one) => one.megabytes));
      const share = Math.min(...theirs) / seconds;
      const cpu = Math.min(...ours.map((one) => one.cpu));
      const speed = size / 1e6 / seconds;
      good &&= megabytes <= most.megabytes && share >= least.share;
      process.stdout.write(
        `${mode}: ${speed.toFixed(0)} MB/s, ${share.toFixed(2)} of curl's (at least ${least.share}); ` +
          `${megabytes.toFixed(0)} MB above idle (at most ${most.megabytes}); ${cpu.toFixed(1)} s of a processor\n`,
      );
    }
  } finally {
    await discard();
    cloud.close();
    await rm(dir, { recursive: true, force: true });
  }
  return good;
}

async function main(args: string[]): Promise<void> {
  const [first, mode, file, id] = args;
  if (first === 'child' && mode && file && id) {
    process.send?.(await inChild(mode, file, id));
    process.disconnect();
    return;
  }
  process.exitCode = (await bench(Number(first ?? 4))) ? 0 : 1;
}

await main(process.argv.slice(2));
