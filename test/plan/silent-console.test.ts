/** An installer that speaks on its screen alone must not be given up because its console is silent. */
import { expect, it } from 'vitest';
import { nominalCloud } from '../../src/check/nominal.ts';
import { plan } from '../../src/plan/plan.ts';
import type { Tdl } from '../../src/tdl/types.ts';
import { testConfig, testInput, testTdl } from '../fakes/inputs.ts';

const iso: Tdl['install'] = { type: 'iso', url: 'http://h/x.iso', extras: [] };

function silent(tdl: Partial<Tdl>, openstack: Record<string, string> = {}) {
  const { install } = plan(
    testInput({
      tdl: testTdl(tdl),
      config: testConfig({ backend: { type: 'openstack' }, openstack }),
      backend: { type: 'openstack', capabilities: nominalCloud },
    }),
  );
  return install.silentConsole ?? false;
}

it.each<[string, Partial<Tdl>, Record<string, string>, boolean]>([
  ['a kernel with a serial console', {}, {}, false],
  ['one of another architecture', { arch: 'aarch64' }, {}, false],
  ['a kernel that the TDL sends to the screen', { kernelparam: 'console=tty0' }, {}, true],
  ['a screen beside the console', { kernelparam: 'console=tty0 console=ttyS0' }, {}, false],
  ['Windows', { distro: 'Windows', version: '10', install: iso }, {}, true],
  [
    'an ISO with its own boot loader',
    { distro: 'Fedora', version: '40', install: iso },
    { strategy: 'volumes' },
    true,
  ],
  [
    'an ISO that is told to use the console',
    { distro: 'FreeBSD', version: '14.0', install: iso },
    {},
    false,
  ],
])('of %s', (_name, tdl, openstack, expected) => {
  expect(silent(tdl, openstack)).toBe(expected);
});
