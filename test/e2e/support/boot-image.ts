/** Starts a finished image in plain qemu, on a throw-away layer, and logs in by password. */
import { spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'ssh2';

export interface BootedImage {
  /** Runs a command line; standard output, whatever the exit code. */
  run(command: string): Promise<string>;
  /** Seconds from power-on to the first login. */
  seconds: number;
  close(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function login(port: number, password: string): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    client.once('ready', () => resolve(client));
    client.on('error', reject);
    client.connect({ host: '127.0.0.1', port, username: 'root', password, readyTimeout: 60_000 });
  });
}

function runOver(client: Client, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, stream) => {
      if (error) return reject(error);
      let text = '';
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8');
      });
      stream.stderr.resume();
      stream.on('close', () => resolve(text));
    });
  });
}

/** Boots and waits for a login of root; throws when there is none in `limit` milliseconds. */
export async function bootImage(
  image: string,
  password: string,
  limit = 20 * 60_000,
): Promise<BootedImage> {
  const port = await freePort();
  const begin = Date.now();
  const vm = spawn(
    'qemu-system-x86_64',
    [
      // Another machine type than it was installed on: the image must not depend on a slot.
      ...['-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max,-cx16', '-smp', '2'],
      ...['-m', '1024', '-display', 'none', '-vga', 'std', '-monitor', 'none'],
      ...['-serial', `file:${image}.boot.log`, '-snapshot'],
      ...['-drive', `file=${image},if=virtio,cache=unsafe`],
      ...['-nic', `user,model=virtio,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  let ended = false;
  const gone = new Promise<void>((resolve) => {
    vm.once('exit', () => {
      ended = true;
      resolve();
    });
  });
  const close = async () => {
    vm.kill('SIGKILL');
    await gone;
  };
  let last: unknown;
  while (!ended && Date.now() - begin < limit) {
    try {
      const client = await login(port, password);
      return {
        run: (command) => runOver(client, command),
        seconds: Math.round((Date.now() - begin) / 1000),
        async close() {
          client.end();
          await close();
        },
      };
    } catch (error) {
      last = error;
      await sleep(1000);
    }
  }
  await close();
  throw new Error(`${image} lets nobody in: ${last instanceof Error ? last.message : last}`);
}
