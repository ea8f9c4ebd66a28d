import { expect, it } from 'vitest';
import { endsItself } from '../../../compat/rigs/openstack/libvirt.ts';

it.each([
  ['/usr/sbin/virtlogd\0--daemon\0--timeout=120\0', true],
  ['/usr/sbin/virtlogd\0--timeout\x00120\0', true],
  ['virtlogd\0-d\0', false],
  ['/usr/sbin/libvirtd\0--timeout=120\0', false],
  ['', false],
])('knows a virtlogd that will end: %j', (line, ends) => {
  expect(endsItself('virtlogd', line)).toBe(ends);
});
