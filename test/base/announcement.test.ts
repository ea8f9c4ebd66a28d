/** Addresses that guests say on their consoles. */
import { expect, it } from 'vitest';
import { announced } from '../../src/base/announcement.ts';

const uuid = 'badde4f2-0eed-4eda-b0ef-8686bfb19e85';

it('finds the last address among other output', () => {
  const text = `login: \r\n!192.0.2.7,${uuid}!\r\n[ 12.3] eth0: up\n!192.0.2.9,${uuid}!\r\n`;
  expect(announced(text, uuid)).toBe('192.0.2.9');
});

it('finds it between the words of a kernel', () => {
  expect(announced(`[ 9.1] random: !2001:db8::5,${uuid}!crng init done`, uuid)).toBe('2001:db8::5');
});

it('believes only its own guest, and only addresses', () => {
  expect(announced('!192.0.2.7,another!', uuid)).toBeNull();
  expect(announced(`!999.0.2.7,${uuid}!`, uuid)).toBeNull();
  expect(announced(`!192.0.2.7,${uuid.slice(0, -1)}`, uuid)).toBeNull();
  expect(announced('', uuid)).toBeNull();
});
