/** Keys by the VNC console: which events come, and how many connections they take. */
import { expect, it, onTestFinished } from 'vitest';
import type { StopEvent } from '../../../backends/backend.ts';
import { statusFailure } from '../../../backends/openstack/http/failures.ts';
import { createKeyboard, type KeyboardOptions } from '../../../backends/openstack/keyboard.ts';
import type { Site } from '../../../backends/openstack/site.ts';
import { OzError } from '../../../src/base/errors.ts';
import type { FakeReply } from '../../fakes/fake-cloud.ts';
import { installGuestSpec, openPlace } from './opened.ts';
import { failureOf } from './services/open.ts';
import { desk, proxy } from './vnc-proxy.ts';

interface Setting extends Partial<KeyboardOptions> {
  /** What Nova answers instead of a console. */
  refusal?: (asked: number) => Error | undefined;
  /** Milliseconds between two questions to Nova. */
  waiting?: number;
}

function keyboardAt(page: string, { refusal, waiting = 0, ...more }: Setting = {}) {
  const asked: string[] = [];
  const remoteConsole = async (id: string) => {
    asked.push(id);
    const error = refusal?.(asked.length);
    if (error) throw error;
    return { url: page, type: 'novnc' };
  };
  const site = {
    cloud: { nova: { remoteConsole } },
    tls: { insecure: false, cacert: null },
    looks: { changing: 0, waiting },
    context: { log: () => {} },
  } as unknown as Site;
  const keyboard = createKeyboard({
    ...{ site, name: 'web', closing: new AbortController().signal },
    ...more,
  });
  onTestFinished(() => keyboard.close());
  return { keyboard, asked };
}

const enter = ['+ff0d', '-ff0d'];

it('presses keys together: down in their order, up in the reverse one', async () => {
  const { events, screen } = desk();
  const { keyboard } = keyboardAt(await proxy(screen));
  await keyboard.press('s', [29, 56, 111]);
  expect(events).toEqual(['+ffe3', '+ffe9', '+ffff', '-ffff', '-ffe9', '-ffe3']);
});

it('has pressed them once it says so, however slow the server is', async () => {
  const { events, screen } = desk({ late: 60 });
  const { keyboard } = keyboardAt(await proxy(screen));
  await keyboard.press('s', [42, 30]);
  keyboard.close();
  expect(events).toEqual(['+ffe1', '+41', '-41', '-ffe1']);
});

it('presses again through the same connection, one press after another', async () => {
  const { events, sockets, screen } = desk();
  const { keyboard, asked } = keyboardAt(await proxy(screen), { waiting: 60_000 });
  await keyboard.press('s', [28]);
  await Promise.all([keyboard.press('s', [28]), keyboard.press('s', [1])]);
  expect(events).toEqual([...enter, ...enter, '+ff1b', '-ff1b']);
  expect([asked, sockets.length]).toEqual([['s'], 1]);
});

it('refuses a code that nobody knows before it connects', async () => {
  const { keyboard, asked } = keyboardAt('http://127.0.0.1:9/?token=x');
  await expect(keyboard.press('s', [28, 999])).rejects.toMatchObject({
    code: 'OZ_CLOUD_KEYS',
    message: 'Cannot press the key 999: its code is not known',
  });
  expect(asked).toEqual([]);
});

it('connects again after a connection that was lost', async () => {
  const { events, sockets, screen } = desk();
  const { keyboard, asked } = keyboardAt(await proxy(screen));
  await keyboard.press('s', [28]);
  sockets[0]?.terminate();
  await expect.poll(() => sockets[0]?.readyState).toBe(3);
  await new Promise((resolve) => setTimeout(resolve, 50)); // until we know, too
  await keyboard.press('s', [28]);
  expect(events).toEqual([...enter, ...enter]);
  expect(asked).toHaveLength(2);
});

it('fails with a connection that is lost under its hands, and the next press does not', async () => {
  const { events, sockets, screen } = desk();
  const { keyboard } = keyboardAt(await proxy(screen));
  const pressing = keyboard.press('s', [28]);
  await expect.poll(() => events).toEqual(['+ff0d']);
  sockets[0]?.terminate();
  await expect(pressing).rejects.toMatchObject({
    code: 'OZ_CLOUD_CONSOLE',
    message: expect.stringMatching(/^Cannot press keys in guest web: 127\.0\.0\.1:\d+ hung up$/),
    hint: expect.stringContaining('VNC'),
  });
  await keyboard.press('s', [28]);
  expect(events.slice(-2)).toEqual(enter);
});

it('asks Nova no more often than a look does', async () => {
  const { screen } = desk();
  const busy = () => new OzError('OZ_CLOUD_BUSY', 'Cannot open the screen of s: not yet');
  const { keyboard, asked } = keyboardAt(await proxy(screen), {
    waiting: 200,
    refusal: (times) => (times === 1 ? busy() : undefined),
  });
  for (let press = 0; press < 3; press++) {
    await expect(keyboard.press('s', [28])).rejects.toMatchObject({
      code: 'OZ_CLOUD_CONSOLE',
      message: 'Cannot press keys in guest web: not yet',
    });
  }
  expect(asked).toHaveLength(1);
  await new Promise((resolve) => setTimeout(resolve, 250));
  await keyboard.press('s', [28]);
  expect(asked).toHaveLength(2);
});

it.each<[string, Error]>([
  ['no such console', new OzError('OZ_CLOUD_REFUSED', 'Cannot open: Unavailable console type vnc')],
  ['not for this user', new OzError('OZ_CLOUD_POLICY', 'Cannot open: not allowed')],
  [
    'a hypervisor without',
    statusFailure({ service: 'Nova', doing: 'open' }, 501, { message: 'no VNC', type: null }),
  ],
])('asks once for what a cloud never gives: %s', async (_, error) => {
  const { keyboard, asked } = keyboardAt('', { refusal: () => error });
  for (let press = 0; press < 3; press++) {
    await expect(keyboard.press('s', [28])).rejects.toMatchObject({
      code: 'OZ_CLOUD_CONSOLE',
      message: `Cannot press keys in guest web: ${error.message.replace('Cannot open: ', '')}`,
      cause: error,
    });
  }
  expect(asked).toHaveLength(1);
});

it('tells no token of a proxy that refuses it', async () => {
  const page = (await proxy(desk().screen)).replace('let-me-in', 'wrong-token');
  const failure = await keyboardAt(page).keyboard.press('s', [28]).catch(String);
  expect(failure).toMatch(/Cannot press keys in guest web: /);
  expect(failure).not.toMatch(/token/);
});

it('lets go of a server that wants a password', async () => {
  const { sockets, open, screen } = desk({ security: 2 });
  const { keyboard } = keyboardAt(await proxy(screen));
  for (let press = 0; press < 2; press++) {
    await expect(keyboard.press('s', [28])).rejects.toMatchObject({
      code: 'OZ_CLOUD_CONSOLE',
      message: 'Cannot press keys in guest web: it wants a password',
    });
  }
  expect(sockets).toHaveLength(2);
  await expect.poll(open).toBe(0);
});

it('ends with its signal, with its reason', async () => {
  const { sockets, open, screen } = desk({ late: 5000 });
  const { keyboard } = keyboardAt(await proxy(screen));
  const abort = new AbortController();
  const reason = new Error('enough');
  const pressing = keyboard.press('s', [28], abort.signal);
  await expect.poll(() => sockets.length).toBe(1);
  abort.abort(reason);
  await expect(pressing).rejects.toBe(reason);
  await expect.poll(open).toBe(0);
  await expect(keyboard.press('s', [28], abort.signal)).rejects.toBe(reason);
});

it.each<[string, (end: { close(): void; closing: AbortController }) => void, number?]>([
  ['after a while without a press', () => {}, 100],
  ['when it is closed', ({ close }) => close()],
  ['when the place is', ({ closing }) => closing.abort()],
])('hangs up %s', async (_, end, idleMs) => {
  const { open, screen } = desk();
  const closing = new AbortController();
  const { keyboard } = keyboardAt(await proxy(screen), {
    ...{ closing: closing.signal, idleMs },
  });
  await keyboard.press('s', [28]);
  expect(open()).toBe(1);
  end({ close: () => keyboard.close(), closing });
  await expect.poll(open).toBe(0);
});

async function runningGuest(answer: FakeReply) {
  const opened = await openPlace();
  const { fake, place } = opened;
  fake.on('POST', '/compute/v2.1/servers/:id/remote-consoles', answer);
  const guest = await place.createGuest(await installGuestSpec(opened, 'volumes'));
  const stopped = new Promise<StopEvent>((resolve) => guest.onStop(resolve));
  await guest.start();
  fake.requests.length = 0;
  const asked = () => fake.requests.filter(({ path }) => path.endsWith('/remote-consoles'));
  return { ...opened, guest, stopped, asked };
}

it('presses keys in a guest, and hangs up when that stops', async () => {
  const { events, open, screen } = desk();
  const url = await proxy(screen);
  const answer = { json: { remote_console: { type: 'novnc', url } } };
  const { place, services, guest, stopped, asked } = await runningGuest(answer);
  expect((await place.capabilities()).sendKeys).toBe(true);
  for (let press = 0; press < 3; press++) await guest.sendKeys([28]);
  expect(events).toEqual([...enter, ...enter, ...enter]);
  expect(asked().map(({ json }) => json)).toEqual([
    { remote_console: { protocol: 'vnc', type: 'novnc' } },
  ]);
  expect(open()).toBe(1);
  services.powerOff();
  await stopped;
  await expect.poll(open).toBe(0);
  expect(await failureOf(guest.sendKeys([28]))).toMatchObject({
    code: 'OZ_CLOUD_KEYS',
    message: 'Cannot press keys in guest web: it does not run',
  });
});

it.each(['destroy', 'close'] as const)('leaves no connection behind: %s()', async (end) => {
  const { open, screen } = desk();
  const answer = { json: { remote_console: { type: 'novnc', url: await proxy(screen) } } };
  const { place, guest } = await runningGuest(answer);
  await guest.sendKeys([28]);
  expect(open()).toBe(1);
  await (end === 'destroy' ? guest.destroy() : place.close());
  await expect.poll(open).toBe(0);
});

it('says why a cloud takes no keys, and asks it no more', async () => {
  const message = 'Unavailable console type novnc.';
  const { guest, asked } = await runningGuest({
    ...{ status: 400, json: { badRequest: { code: 400, message } } },
  });
  for (let press = 0; press < 3; press++) {
    expect(await failureOf(guest.sendKeys([28]))).toMatchObject({
      code: 'OZ_CLOUD_CONSOLE',
      message: expect.stringMatching(/^Cannot press keys in guest web: .*Unavailable console type/),
      hint: expect.any(String),
    });
  }
  expect(asked()).toHaveLength(1);
  expect(await guest.state()).toBe('running');
});
