/** Keys by the VNC console. */
import { expect, it, onTestFinished, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { makeKeyboard } from '../../../../backends/openstack/console/keyboard.ts';
import { greet, proxy, type Screen, siteWith, u16, u32 } from './fake-console.ts';

/** One pixel, which tells that all before it was read. */
const pixel = Buffer.concat([Buffer.from([0, 0]), u16(1), u16(0, 0, 1, 1), u32(0), u32(0)]);

interface Seen {
  /** `+65293` down, `-65293` up, one connection behind the other. */
  keys: string[];
  connections: WebSocket[];
}

/** A screen that notes keys; `answers`: to how many requests. */
function noting(answers = Number.POSITIVE_INFINITY): { seen: Seen; screen: Screen } {
  const seen: Seen = { keys: [], connections: [] };
  const screen: Screen = async (socket, next) => {
    seen.connections.push(socket);
    await greet(socket, next);
    for (let left = answers; ; ) {
      const [type] = await next(1);
      if (type === 3) {
        expect([...(await next(9))]).toEqual([0, 0, 0, 0, 0, 0, 1, 0, 1]);
        left -= 1;
        if (left < 0) return socket.terminate();
        socket.send(pixel);
      } else {
        expect(type).toBe(4);
        const event = await next(7);
        seen.keys.push(`${event[0] ? '+' : '-'}${event.readUInt32BE(3)}`);
      }
    }
  };
  return { seen, screen };
}

function keyboardFor(url: string) {
  const { site, log } = siteWith(url);
  const asked = vi.spyOn(site.cloud.nova, 'remoteConsole');
  const keyboard = makeKeyboard(site, 'server', 'web');
  onTestFinished(() => keyboard.close());
  return { keyboard, log, asked };
}

it('presses keys together, and lets them go in the opposite order', async () => {
  const { seen, screen } = noting();
  const { keyboard } = keyboardFor(await proxy(screen));
  await keyboard.press([29, 56, 111]);
  expect(seen.keys).toEqual(['+65507', '+65513', '+65535', '-65535', '-65513', '-65507']);
});

it('uses one connection for presses that follow each other, and ends it', async () => {
  const { seen, screen } = noting();
  const { keyboard, asked } = keyboardFor(await proxy(screen));
  for (let i = 0; i < 5; i++) await keyboard.press([28]);
  expect(seen.keys).toHaveLength(10);
  expect(asked).toHaveBeenCalledTimes(1);
  keyboard.close();
  await vi.waitFor(() => expect(seen.connections[0]?.readyState).toBe(3));
});

it('connects again when a connection is lost', async () => {
  const { seen, screen } = noting(1);
  const { keyboard } = keyboardFor(await proxy(screen));
  await keyboard.press([28]);
  await expect(keyboard.press([28])).rejects.toMatchObject({
    code: 'OZ_CLOUD_KEYS',
    message: expect.stringMatching(/guest web: .*hung up/),
  });
  await keyboard.press([28]);
  expect(seen.connections).toHaveLength(2);
});

it('refuses a key that has no name', async () => {
  const { seen, screen } = noting();
  const { keyboard } = keyboardFor(await proxy(screen));
  await expect(keyboard.press([28, 9999])).rejects.toThrow(/the key 9999 has no name/);
  expect(seen.keys).toEqual([]);
});

it('does not ask Nova again at once where there is no console', async () => {
  const { keyboard, asked, log } = keyboardFor(
    'http://127.0.0.1:9/vnc_auto.html?path=%3Ftoken%3Dx',
  );
  for (let i = 0; i < 3; i++) {
    await expect(keyboard.press([28])).rejects.toMatchObject({
      code: 'OZ_CLOUD_KEYS',
      hint: expect.stringMatching(/VNC/),
    });
  }
  expect(asked).toHaveBeenCalledTimes(1);
  expect(log.join()).not.toMatch(/token/);
});

it('ends by the signal, with its reason', async () => {
  const silent: Screen = async () => {};
  const { keyboard } = keyboardFor(await proxy(silent));
  const stop = new AbortController();
  const pressed = keyboard.press([28], stop.signal);
  const reason = new Error('stopped by the user');
  setTimeout(() => stop.abort(reason), 50);
  await expect(pressed).rejects.toBe(reason);
});
