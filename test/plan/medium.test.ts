import { describe, expect, it } from 'vitest';
import type { DetectedOs } from '../../osinfo/types.ts';
import { mediumName, mediumWarning } from '../../src/plan/medium.ts';
import { plan } from '../../src/plan/plan.ts';
import { testInput, testTdl } from '../fakes/inputs.ts';

const found = (change: Partial<DetectedOs> = {}): DetectedOs => ({
  id: 'http://debian.org/debian/13',
  shortId: 'debian13',
  name: 'Debian 13',
  version: '13',
  distro: 'debian',
  arch: 'x86_64',
  variants: [],
  live: false,
  installer: true,
  ...change,
});

const twelve = found({ id: 'http://debian.org/debian/12', name: 'Debian 12', version: '12' });
const asked = plan(testInput());
const debian = { distro: 'debian' };

describe('mediumWarning()', () => {
  it.each([
    ['what was asked for', [found()]],
    ['one for all architectures', [found({ arch: 'all' })]],
    ['several, one of them right', [twelve, found()]],
    ['none that is known', []],
  ])('says nothing about %s', (_, list) => {
    expect(mediumWarning(list, asked, debian)).toBeUndefined();
  });

  it('takes i686 for i386', () => {
    const old = plan(testInput({ tdl: testTdl({ version: '12', arch: 'i386' }) }));
    expect(mediumWarning([found({ ...twelve, arch: 'i686' })], old, debian)).toBeUndefined();
  });

  it('proposes version and architecture', () => {
    expect(mediumWarning([twelve], asked, debian)).toBe(
      'the installer is Debian 12 (x86_64), not Debian 13 (x86_64) as the TDL says; it would be <version>12</version><arch>x86_64</arch>',
    );
    expect(mediumWarning([found({ arch: 'i686' })], asked, debian)).toContain('<arch>i386</arch>');
  });

  it('proposes nothing for another system', () => {
    const other = found({
      id: 'http://ubuntu.com/ubuntu/24.04',
      name: 'Ubuntu 24.04',
      distro: 'ubuntu',
    });
    expect(mediumWarning([other], asked, debian)).toBe(
      'the installer is Ubuntu 24.04 (x86_64), not Debian 13 (x86_64) as the TDL says',
    );
  });
});

it('mediumName() names the variant', () => {
  expect(mediumName(found({ variants: ['Debian 13, netinst'] }))).toBe(
    'Debian 13, netinst (x86_64)',
  );
  expect(mediumName(found({ variants: ['a', 'b'], arch: 'all' }))).toBe('Debian 13');
});
