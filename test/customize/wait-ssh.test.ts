import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { type TryOutcome, waitForSsh } from '../../src/customize/wait-ssh.ts';
import { freePort, startSshd } from './helpers/sshd.ts';

/** A port that takes connections and never says a word, as a port forward does. */
async function silentPort() {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    opened: () => sockets.size,
    stop: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

const auth = { username: 'root', password: 'x' };

describe('waitForSsh', () => {
  it('finds an sshd that comes up later, soon after it answers', async () => {
    const port = await freePort();
    const outcomes: TryOutcome[] = [];
    let upAt = 0;
    const started = await startSshd();
    const later = new Promise((resolve) => setTimeout(resolve, 2000)).then(async () => {
      const sshd = await startSshd({ port });
      upAt = performance.now();
      return sshd;
    });
    // The key is not known before the server is; the address is not either.
    const ready = later.then((sshd) => sshd);
    let known: Awaited<typeof ready> | undefined;
    ready.then((sshd) => {
      known = sshd;
    });
    const session = await waitForSsh(
      async () => (known ? known.address : { host: '127.0.0.1', port }),
      {
        username: started.auth.username,
        get privateKey() {
          return (known ?? started).auth.privateKey;
        },
      },
      { timeoutMs: 20_000, onTry: (outcome) => outcomes.push(outcome) },
    );
    expect(performance.now() - upAt).toBeLessThan(5000);
    expect(outcomes[0]).toBe('no-answer');
    await session.close();
    await started.stop();
    await (await ready).stop();
  });

  it('goes on past connections that a port forward swallows', async () => {
    const sshd = await startSshd();
    let backend: number | undefined;
    const held: net.Socket[] = [];
    // Like a user-mode network: takes every connection, passes it on once the guest listens.
    const forward = net.createServer((client) => {
      held.push(client);
      client.on('error', () => {});
      if (backend === undefined) return;
      const server = net.connect(backend, '127.0.0.1');
      server.on('error', () => client.destroy());
      client.pipe(server).pipe(client);
    });
    await new Promise<void>((resolve) => forward.listen(0, '127.0.0.1', resolve));
    const { port } = forward.address() as net.AddressInfo;
    let upAt = 0;
    setTimeout(() => {
      backend = sshd.address.port;
      upAt = performance.now();
    }, 2500);
    const session = await waitForSsh(async () => ({ host: '127.0.0.1', port }), sshd.auth, {
      timeoutMs: 20_000,
    });
    expect(performance.now() - upAt).toBeLessThan(5000);
    await expect(session.run('echo in')).resolves.toMatchObject({ stdout: 'in\n' });
    await session.close();
    for (const socket of held) socket.destroy();
    await new Promise((resolve) => forward.close(resolve));
    await sshd.stop();
  });

  it.each([
    ['no address', async () => null, /no address/],
    [
      'nothing there',
      async () => ({ host: '127.0.0.1', port: await freePort() }),
      /nothing answered/,
    ],
  ])('says so: %s', async (_, getAddress, hint) => {
    const error = await waitForSsh(getAddress, auth, { timeoutMs: 1200 }).catch((e) => e);
    expect(error).toMatchObject({ code: 'OZ_SSH_TIMEOUT' });
    expect(error.hint).toMatch(hint);
  });

  it('says so when connections are taken but nobody greets, without piling them up', async () => {
    const silent = await silentPort();
    const begin = performance.now();
    const error = await waitForSsh(async () => ({ host: '127.0.0.1', port: silent.port }), auth, {
      timeoutMs: 2500,
      intervalMs: 100,
    }).catch((e) => e);
    expect(error).toMatchObject({ code: 'OZ_SSH_TIMEOUT' });
    expect(error.hint).toMatch(/no SSH server greets/);
    expect(silent.opened()).toBeLessThanOrEqual(4);
    expect(performance.now() - begin).toBeLessThan(4000);
    await silent.stop();
  });

  it('fails early when the key is refused for good', async () => {
    const sshd = await startSshd();
    const other = await startSshd();
    const outcomes: TryOutcome[] = [];
    const begin = performance.now();
    await expect(
      waitForSsh(async () => sshd.address, other.auth, {
        timeoutMs: 60_000,
        refusedMs: 1500,
        intervalMs: 200,
        onTry: (outcome) => outcomes.push(outcome),
      }),
    ).rejects.toMatchObject({ code: 'OZ_SSH_AUTH' });
    // each try is a handshake, which a busy machine takes its time for
    expect(performance.now() - begin).toBeLessThan(30_000);
    expect(outcomes.filter((o) => o === 'refused').length).toBeGreaterThanOrEqual(3);
    await sshd.stop();
    await other.stop();
  });

  it('ends at once when the guest has stopped, or on abort', async () => {
    const silent = await silentPort();
    const address = async () => ({ host: '127.0.0.1', port: silent.port });
    let calls = 0;
    await expect(
      waitForSsh(address, auth, {
        timeoutMs: 60_000,
        intervalMs: 50,
        isAlive: async () => ++calls < 4,
      }),
    ).rejects.toMatchObject({ code: 'OZ_SSH_GUEST_GONE' });
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('enough')), 300);
    await expect(
      waitForSsh(address, auth, { timeoutMs: 60_000, signal: abort.signal }),
    ).rejects.toThrow('enough');
    await silent.stop();
  });
});
