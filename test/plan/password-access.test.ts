/** How the build gets into a FreeBSD that was installed without its key. */
import { describe, expect, it } from 'vitest';
import type { PlanInput } from '../../src/plan/input.ts';
import { maskPlan } from '../../src/plan/mask.ts';
import { passwordAccess } from '../../src/plan/password-access.ts';
import { plan } from '../../src/plan/plan.ts';
import type { Tdl } from '../../src/tdl/types.ts';
import { testConfig, testInput, testTdl } from '../fakes/inputs.ts';

const commands = [{ name: 'c', content: { bytes: Buffer.from('id') } }];

function freebsd(change: Partial<Tdl>, more: Partial<PlanInput> = {}) {
  const install = { type: 'iso' as const, url: 'http://h/x.iso', extras: [] };
  const tdl = testTdl({ distro: 'FreeBSD', version: '14.0', install, commands, ...change });
  const options = { customize: true, icicle: false, forceDownload: false, cleanup: false };
  return plan(testInput({ tdl, options, ...more }));
}

const answer = { name: '/installerconfig', text: '#!/bin/sh\n' };

describe('work in FreeBSD', () => {
  it('goes in by the key of our own answer file, and into the JEOS that was made with it', () => {
    const cache = { ...testConfig().cache, jeos: true };
    for (const more of [{}, { config: testConfig({ cache }) }]) {
      const { access } = freebsd({}, more);
      expect(access).toMatchObject({ via: 'answer', username: 'root' });
      expect(access?.password).toBeUndefined();
    }
  });

  it("goes in by root's password where the answer file is the user's own", () => {
    const made = freebsd({ rootpw: 'a&secret<pw' }, { answer });
    expect(made.access).toMatchObject({ via: 'answer', method: 'ssh', password: 'a&secret<pw' });
    expect(JSON.stringify(maskPlan(made))).not.toMatch(/a&(amp;)?secret/);
  });

  it('says so, before the install, where there is no password either', () => {
    expect(() => freebsd({ rootpw: undefined }, { answer })).toThrow(
      expect.objectContaining({
        code: 'OZ_PLAN_ACCESS',
        hint: expect.stringContaining('<rootpw>'),
      }),
    );
  });

  it('is no matter of any other system', () => {
    expect(passwordAccess({ seal: 'debian' }, testTdl({ rootpw: undefined }))).toBeUndefined();
  });
});
