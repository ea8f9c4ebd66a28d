/** The client that keeps the daemon of the guests' consoles alive. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { holdLogDaemon } from '../../../backends/libvirt/root-daemon.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'ozma-daemon-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('holdLogDaemon()', () => {
  it('stays a client until it is released', async () => {
    const clients = new Set<Socket>();
    const server = createServer((client) => {
      clients.add(client);
      client.on('error', () => {});
      client.on('close', () => clients.delete(client));
    });
    const socket = path.join(dir, 'log-sock');
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const release = await holdLogDaemon(undefined, socket);
    await sleep(1500); // longer than the probe whether anybody listens
    expect(clients.size).toBe(1);
    release();
    await expect.poll(() => clients.size).toBe(0);
    await new Promise((resolve) => server.close(resolve));
  });
});
