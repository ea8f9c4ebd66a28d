/** What is planned for work in a finished Windows, and what is refused before the install. */
import { describe, expect, it } from 'vitest';
import { accessWarnings } from '../../src/plan/access.ts';
import { maskPlan } from '../../src/plan/mask.ts';
import { plan } from '../../src/plan/plan.ts';
import type { Tdl } from '../../src/tdl/types.ts';
import { testInput, testTdl } from '../fakes/inputs.ts';

const command = { name: 'c', content: { bytes: Buffer.from('ver') } };
const file = { name: 'C:\\x.txt', content: { bytes: Buffer.from('x') } };
const own = { name: '/a.xml', text: '<unattend/>' };

function windows(
  change: Partial<Tdl>,
  { answer, icicle = false }: { answer?: typeof own; icicle?: boolean } = {},
) {
  const install = { type: 'iso' as const, url: 'http://h/x.iso', extras: [] };
  const tdl = testTdl({ distro: 'Windows', version: '2022', install, ...change });
  const options = { customize: true, icicle, forceDownload: false, cleanup: false };
  return plan(testInput({ tdl, answer, options }));
}

describe('work in Windows', () => {
  it('logs in as Administrator, with the password that the own answer file has to set', () => {
    const made = windows({ commands: [command], files: [file] }, { answer: own });
    expect(made.access).toMatchObject({
      username: 'Administrator',
      via: 'answer',
      password: 'a&secret<pw',
    });
    expect(made.customise?.steps.map(({ kind }) => kind)).toEqual(['file', 'command']);
    expect(JSON.stringify(maskPlan(made))).not.toMatch(/a&(amp;)?secret/);
  });

  it.each([
    [
      'commands, since our answer file brings no SSH server',
      () => windows({ commands: [command] }),
      { code: 'OZ_PLAN_ACCESS', hint: expect.stringContaining('-a') },
    ],
    [
      'packages',
      () => windows({ packages: [{ name: 'x' }] }, { answer: own }),
      { code: 'OZ_PLAN_NO_PACKAGES', hint: expect.stringContaining('<commands>') },
    ],
    [
      'a package list',
      () => windows({}, { icicle: true }),
      { code: 'OZ_PLAN_NO_PACKAGES', hint: expect.stringContaining('-g') },
    ],
  ])('refuses %s', (_what, work, error) => {
    expect(work).toThrow(expect.objectContaining(error));
  });

  it('is no matter where nothing is to be done', () => {
    expect(windows({}).access).toBeNull();
  });

  it('warns in a cloud alone that the password goes to whoever answers', () => {
    const access = windows({ commands: [command] }, { answer: own }).access;
    const warnings = (type: 'libvirt' | 'openstack') =>
      accessWarnings(access, { backend: { ...testInput().backend, type } });
    expect(warnings('libvirt')).toEqual([]);
    expect(warnings('openstack')).toEqual([expect.stringContaining('learns the password')]);
    expect(
      accessWarnings(access && { ...access, password: undefined }, {
        backend: { ...testInput().backend, type: 'openstack' },
      }),
    ).toEqual([]);
  });
});
