/** Nova rescues no server that has a TPM: the plan says so, not Nova in the middle of a build. */
import { expect, it } from 'vitest';
import type { Capabilities } from '../../backends/backend.ts';
import { nominalCloud } from '../../src/check/nominal.ts';
import { plan } from '../../src/plan/plan.ts';
import { testConfig, testInput, testTdl } from '../fakes/inputs.ts';

const windows = (trust: Capabilities['trust'], strategy: string) =>
  plan(
    testInput({
      tdl: testTdl({
        ...{ distro: 'Windows', version: '11' },
        install: { type: 'iso', url: 'http://h/x', extras: [] },
      }),
      config: testConfig({ openstack: { strategy } }),
      backend: { type: 'openstack', capabilities: { ...nominalCloud, trust }, uri: undefined },
    }),
  ).install.strategy;

const noTpm = 'Nova rescues no server that has a TPM';

it('refuses a rescue that is asked for', () => {
  expect(() => windows({ tpm: true, secureBoot: true }, 'rescue')).toThrow(
    expect.objectContaining({
      code: 'OZ_PLAN_DELIVERY',
      message: expect.stringContaining(`rescue: ${noTpm}`),
      hint: expect.stringContaining('leave [openstack] strategy'),
    }),
  );
});

it('is no reason where the guest gets no TPM', () => {
  expect(() => windows({ tpm: false, secureBoot: true }, 'rescue')).toThrow(
    /rescue: beside the disk there is room for the installer alone/,
  );
});

it('leaves the other strategies', () => {
  expect(windows({ tpm: true, secureBoot: true }, 'auto')?.name).toBe('volumes');
});
