/** A place made of memory, and a directory with a TDL and an oz.cfg for the commands to work on. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { FindPlace } from '../../src/compose/places.ts';
import {
  type MemoryBackend,
  type MemoryBackendOptions,
  memoryBackend,
} from '../fakes/memory-backend.ts';

/** `opened` holds each backend that a command has opened. */
export function memoryPlace(options: MemoryBackendOptions = {}): {
  find: FindPlace;
  opened: MemoryBackend[];
} {
  const opened: MemoryBackend[] = [];
  const find: FindPlace = async (type) => ({
    type,
    uri: 'memory:///',
    capabilities: async () => ({
      kernelBoot: true,
      devices: ['cdrom', 'floppy', 'usb'],
      maxMedia: 4,
      activity: { disk: true, network: true },
      sendKeys: true,
      hostAddress: '10.0.2.2',
      diskFormats: ['raw', 'qcow2'],
    }),
    describe: async (spec) => ({
      kind: 'domain',
      text: `<domain type='memory'><name>${spec.name}</name></domain>\n`,
    }),
    open: async ({ ledger }) => {
      const backend = memoryBackend({ ...options, ledger });
      opened.push(backend);
      return backend;
    },
  });
  return { find, opened };
}

/** A cpio archive (newc) that ends at once: thirteen numbers, the name's length among them. */
const emptyCpio = `070701${'0'.repeat(88)}0000000b00000000TRAILER!!!\0`;

/** A server on loopback that has every file, in a few bytes; gzipped ones look like an initrd. */
export async function anyFileServer(): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) =>
    response.end(request.url?.endsWith('.gz') ? gzipSync(emptyCpio) : `content of ${request.url}`),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/debian/dists/trixie/`, server };
}

export const rootPassword = 'a-secret-word';

export interface Workshop {
  dir: string;
  /** Names below the directory, sorted. */
  files(): string[];
  remove(): void;
}

/** A directory with x.tdl and oz.cfg, all paths of which are inside it. */
export function workshop(url: string, config = ''): Workshop {
  const dir = mkdtempSync(path.join(tmpdir(), 'ozma-cli-'));
  writeFileSync(
    path.join(dir, 'x.tdl'),
    `<template>
  <name>x-guest</name>
  <description>for a test</description>
  <os>
    <name>Debian</name>
    <version>13</version>
    <arch>x86_64</arch>
    <install type='url'><url>${url}</url></install>
    <rootpw>${rootPassword}</rootpw>
  </os>
  <packages><package name='less'/></packages>
  <files><file name='/etc/motd'>hello</file></files>
  <commands><command name='touch'>touch /root/done</command></commands>
</template>
`,
  );
  writeFileSync(
    path.join(dir, 'oz.cfg'),
    `[paths]
output_dir = ${dir}/images
data_dir = ${dir}/data
screenshot_dir = ${dir}/screenshots
sshprivkey = ${dir}/key
[libvirt]
image_type = raw
${config}
`,
  );
  return {
    dir,
    files: () =>
      readdirSync(dir, { recursive: true, encoding: 'utf8' })
        .filter((name) => name !== 'x.tdl' && name !== 'oz.cfg')
        .sort(),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
