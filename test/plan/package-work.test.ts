/** Systems whose package managers can't be driven: refused before the install, as is not in others. */
import { describe, expect, it } from 'vitest';
import { plan } from '../../src/plan/plan.ts';
import type { Tdl } from '../../src/tdl/types.ts';
import { testInput, testTdl } from '../fakes/inputs.ts';

function planned(distro: string, version: string, change: Partial<Tdl>) {
  const install = { type: 'url' as const, url: 'http://h/tree/', extras: [] };
  const tdl = testTdl({ distro, version, arch: 'i386', install, ...change });
  const options = { customize: true, icicle: false, forceDownload: false, cleanup: false };
  return plan(testInput({ tdl, options }));
}

const packages = [{ name: 'x' }];
const repository = { url: 'http://r/', signed: true, sslverify: true, persisted: true };

describe('packages', () => {
  it.each([
    ['RHL', '9'],
    ['RHEL-3', 'U9'],
    ['CentOS-3', 'U9'],
    ['FedoraCore', '2'],
  ])('are refused in %s %s', (distro, version) => {
    for (const change of [{ packages }, { repositories: [{ name: 'r', ...repository }] }]) {
      expect(() => planned(distro, version, change)).toThrow(
        expect.objectContaining({
          code: 'OZ_PLAN_NO_PACKAGES',
          hint: expect.stringContaining('<commands>'),
        }),
      );
    }
    const command = { name: 'c', content: { bytes: Buffer.from('date') } };
    expect(planned(distro, version, { commands: [command] }).customise?.steps).toHaveLength(1);
  });

  it.each([
    ['RHEL-4', 'U8'],
    ['FedoraCore', '3'],
    ['CentOS-5', 'U11'],
  ])('are planned in %s %s', (distro, version) => {
    expect(planned(distro, version, { packages }).customise?.packageManager).toBe('yum');
  });
});
