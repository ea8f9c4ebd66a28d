/** A TDL, a configuration and a plan's input for tests; parts may be replaced. */
import type { Capabilities } from '../../backends/backend.ts';
import { loadOsinfo } from '../../osinfo/index.ts';
import type { OzConfig } from '../../src/config/types.ts';
import type { PlanInput } from '../../src/plan/input.ts';
import type { Tdl } from '../../src/tdl/types.ts';
import { osinfoEnv } from './osinfo-env.ts';

export function testTdl(change: Partial<Tdl> = {}): Tdl {
  return {
    source: 'test.tdl',
    name: 'test',
    distro: 'Debian',
    version: '13',
    arch: 'x86_64',
    install: { type: 'url', url: 'http://ftp.debian.org/debian/dists/trixie/', extras: [] },
    rootpw: 'a&secret<pw',
    packages: [],
    repositories: [],
    files: [],
    precommands: [],
    commands: [],
    ...change,
  };
}

export function testConfig(change: Partial<OzConfig> = {}): OzConfig {
  return {
    source: null,
    backend: { type: 'libvirt' },
    paths: {
      outputDir: '/out',
      dataDir: '/data',
      screenshotDir: '/shots',
      sshPrivKey: '/keys/id',
    },
    libvirt: { imageType: 'raw' },
    cache: { originalMedia: true, modifiedMedia: false, jeos: false },
    icicle: { safeGeneration: false },
    timeouts: { install: 1200, inactivity: 300, boot: 300, shutdown: 90 },
    warnings: [],
    ...change,
  };
}

export const testCapabilities: Capabilities = {
  kernelBoot: true,
  devices: ['cdrom', 'floppy', 'usb'],
  maxMedia: 4,
  activity: { disk: true, network: true },
  sendKeys: true,
  hostAddress: null,
  diskFormats: ['raw', 'qcow2'],
};

export function testInput(change: Partial<PlanInput> = {}): PlanInput {
  return {
    tdl: testTdl(),
    config: testConfig(),
    osinfo: loadOsinfo({ env: osinfoEnv }),
    backend: { type: 'libvirt', capabilities: testCapabilities, uri: 'qemu:///system' },
    options: { customize: false, icicle: false, forceDownload: false, cleanup: false },
    host: { cpus: 2, memory: 8192, user: 'root' },
    now: new Date(2026, 10, 22, 14, 3, 9),
    cwd: '/home/me',
    access: { publicKey: 'ssh-ed25519 AAAAC3Nz test', privateKeyPath: '/keys/id' },
    ...change,
  };
}
