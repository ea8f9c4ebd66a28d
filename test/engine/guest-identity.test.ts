import { createHash, randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { BuildEvent } from '../../src/engine/events.ts';
import { guestIdentity } from '../../src/engine/guest-identity.ts';

const key = randomBytes(51);
const shown = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
const printed = `-----BEGIN SSH HOST KEY FINGERPRINTS-----\n256 ${shown} root@x (ED25519)\n-----END SSH HOST KEY FINGERPRINTS-----\n`;

/** What the log says of a guest at `host` whose console prints its keys after `after` ms. */
async function told(
  host: string,
  { after = Number.POSITIVE_INFINITY, prints = false, password }: Given = {},
): Promise<{ said: string[]; waited: number }> {
  let now = 0;
  const said: string[] = [];
  const emit = (event: BuildEvent) => {
    if (event.type === 'log') said.push(`${event.level}: ${event.text}`);
  };
  const clock = {
    now: () => now,
    async delay(ms: number) {
      now += ms;
    },
  };
  const console = async () => ({ size: 0, tail: now >= after ? printed : 'boot' });
  const identity = guestIdentity({ emit, clock } as never, { console }, { password }, prints);
  identity.pin(key);
  await identity.tell(host);
  return { said, waited: now };
}

interface Given {
  after?: number;
  prints?: boolean;
  password?: string;
}

it('says that the console vouches for the key', async () => {
  const { said } = await told('10.0.0.7', { after: 0 });
  expect(said).toEqual([`info: the guest's SSH host key ${shown} is one that its console prints`]);
});

it('gives cloud-init time to print it where it was told to', async () => {
  const { said, waited } = await told('10.0.0.7', { after: 9000, prints: true });
  expect(said[0]).toContain('console prints');
  expect(waited).toBeGreaterThanOrEqual(9000);
  expect((await told('10.0.0.7', { prints: true })).waited).toBeLessThan(60_000);
  expect((await told('10.0.0.7')).waited).toBe(0);
});

it('warns where a password goes to whoever answers', async () => {
  const password = 'hidden';
  const { said } = await told('10.0.0.7', { password });
  expect(said).toEqual([
    `warning: the guest's SSH host key ${shown} is trusted at first sight: its console prints none, and who can answer for 10.0.0.7 sees the password`,
  ]);
  expect((await told('10.0.0.7')).said[0]).toMatch(/^info: .*sees what this build sends$/);
});

it('says nothing of a port of this machine', async () => {
  for (const host of ['127.0.0.1', '::1', 'localhost']) {
    expect(await told(host, { prints: true })).toEqual({ said: [], waited: 0 });
  }
});
