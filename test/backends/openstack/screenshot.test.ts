/** Screenshots by the VNC console: the proxy's websocket, and RFB inside it. */
import { inflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { takeScreenshot } from '../../../backends/openstack/screenshot.ts';
import type { Site } from '../../../backends/openstack/site.ts';
import { proxy, type Screen, u16, u32 } from './vnc-proxy.ts';

function siteWith(url: string): { site: Site; log: string[] } {
  const log: string[] = [];
  const site = {
    cloud: { nova: { remoteConsole: async () => ({ url, type: 'novnc' }) } },
    tls: { insecure: false, cacert: null },
    context: { log: (line: string) => log.push(line) },
  };
  return { site: site as unknown as Site, log };
}

/** A screen of 2 × 1 that turns into one of 2 × 2 while it is looked at. */
const growing: Screen = async (socket, next) => {
  socket.send(Buffer.from('RFB 003.008\n'));
  expect((await next(12)).toString()).toBe('RFB 003.008\n');
  socket.send(Buffer.from([1, 1]));
  expect([...(await next(1))]).toEqual([1]);
  socket.send(u32(0));
  expect([...(await next(1))]).toEqual([1]);
  const name = Buffer.from('QEMU');
  socket.send(Buffer.concat([u16(2, 1), Buffer.alloc(16), u32(name.length), name]));
  await next(20 + 12); // pixel format and encodings
  expect([...(await next(10))]).toEqual([3, 0, 0, 0, 0, 0, 0, 2, 0, 1]);
  socket.send(Buffer.from([2])); // the bell
  socket.send(Buffer.concat([Buffer.from([0, 0]), u16(1), u16(0, 0, 2, 2), u32(-223 >>> 0)]));
  expect([...(await next(10))]).toEqual([3, 0, 0, 0, 0, 0, 0, 2, 0, 2]);
  const pixels = Buffer.from([3, 2, 1, 0, 6, 5, 4, 0, 9, 8, 7, 0, 12, 11, 10, 0]);
  const update = Buffer.concat([Buffer.from([0, 0]), u16(1), u16(0, 0, 2, 2), u32(0), pixels]);
  socket.send(update.subarray(0, 21)); // in the middle of the pixels
  socket.send(update.subarray(21));
};

it('takes a picture through the proxy', async () => {
  const { site, log } = siteWith(await proxy(growing));
  const png = await takeScreenshot(site, 'server');
  expect(log).toEqual([]);
  expect(png?.subarray(1, 4).toString()).toBe('PNG');
  expect([png?.readUInt32BE(16), png?.readUInt32BE(20)]).toEqual([2, 2]);
  const at = png?.indexOf('IDAT') ?? 0;
  const rows = inflateSync(png?.subarray(at + 4) ?? Buffer.alloc(0));
  expect([...rows]).toEqual([0, 1, 2, 3, 4, 5, 6, 0, 7, 8, 9, 10, 11, 12]);
});

it('goes without one from a server whose name has no end', async () => {
  const piece = Buffer.alloc(32 << 20);
  let sent = 0;
  const endless: Screen = async (socket, next) => {
    socket.send(Buffer.from('RFB 003.008\n'));
    await next(12);
    socket.send(Buffer.from([1, 1]));
    await next(1);
    socket.send(u32(0));
    await next(1);
    socket.send(Buffer.concat([u16(2, 1), Buffer.alloc(16), u32(2 ** 32 - 1)]));
    for (; socket.readyState === socket.OPEN && sent < 40; sent++) {
      await new Promise((resolve) => socket.send(piece, resolve));
    }
  };
  const { site, log } = siteWith(await proxy(endless));
  expect(await takeScreenshot(site, 'server')).toBeNull();
  expect(log.join()).toMatch(/sends more than 256 MiB at once/);
  expect(sent).toBeLessThan(40);
});

it('goes without one where that cannot be, and tells no token', async () => {
  const locked: Screen = async (socket, next) => {
    socket.send(Buffer.from('RFB 003.008\n'));
    await next(12);
    socket.send(Buffer.from([1, 2])); // passwords only
  };
  const { site, log } = siteWith(await proxy(locked));
  expect(await takeScreenshot(site, 'server')).toBeNull();
  expect(log.join()).toMatch(/it wants a password/);

  const page = await proxy(growing);
  const refused = siteWith(page.replace('let-me-in', 'wrong-token'));
  expect(await takeScreenshot(refused.site, 'server')).toBeNull();
  expect(refused.log.join()).not.toMatch(/token/);

  const nowhere = siteWith('http://127.0.0.1:9/vnc_auto.html?path=%3Ftoken%3Dx');
  expect(await takeScreenshot(nowhere.site, 'server')).toBeNull();
});
