/** Keys that an installer's boot loader waits for. */
import { expect, it } from 'vitest';
import type { Capabilities } from '../../backends/backend.ts';
import { nominalCloud } from '../../src/check/nominal.ts';
import { plan } from '../../src/plan/plan.ts';
import { testCapabilities, testInput, testTdl } from '../fakes/inputs.ts';

const windows = (type: 'libvirt' | 'openstack', capabilities: Capabilities, version = '11') => {
  const install = { type: 'iso' as const, url: 'http://h/x', extras: [] };
  const { install: planned, warnings } = plan(
    testInput({
      tdl: testTdl({ distro: 'Windows', version, install }),
      backend: { type, capabilities, uri: undefined },
    }),
  );
  const warned = warnings.filter((text) => text.includes('asks for a key before it starts'));
  return [planned.keyPresses, warned.length];
};
const enter = { codes: [28], every: 1000, until: 20_000 };

it('are pressed where the place can, in clouds as well', () => {
  expect(windows('libvirt', testCapabilities)).toEqual([enter, 0]);
  expect(windows('openstack', nominalCloud)).toEqual([enter, 0]);
});

it('are left to the user where it cannot', () => {
  expect(windows('libvirt', { ...testCapabilities, sendKeys: false })).toEqual([undefined, 1]);
});

it('are none for a BIOS, which starts from CD by itself', () => {
  expect(windows('libvirt', { ...testCapabilities, sendKeys: false }, '7')).toEqual([undefined, 0]);
});
