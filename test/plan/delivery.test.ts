import { describe, expect, it } from 'vitest';
import type { Capabilities } from '../../backends/backend.ts';
import { chooseDelivery, type DeliveryRequest } from '../../src/plan/delivery.ts';
import { ways } from '../../src/plan/families/family.ts';
import { testCapabilities } from '../fakes/inputs.ts';

type Strategies = NonNullable<Capabilities['strategies']>;
const strategies = (change: Partial<Record<Strategies[number]['name'], string>>): Strategies =>
  (['direct', 'volumes', 'rescue'] as const).map((name) => ({
    name,
    possible: change[name] === undefined,
    reason: change[name] ?? `${name} works`,
  }));

const cloud = (change: Partial<Capabilities> = {}): Capabilities => ({
  ...testCapabilities,
  maxMedia: 3,
  devices: ['cdrom', 'usb'],
  strategies: strategies({}),
  userData: { maxBytes: 1000, configDrive: true, url: 'http://169.254.169.254/user_data' },
  ...change,
});

const choose = (change: Partial<DeliveryRequest>) =>
  chooseDelivery({
    ways: [ways.initrd],
    capabilities: cloud(),
    iso: false,
    device: 'cdrom',
    reboots: 0,
    tpm: false,
    answerSize: () => 500,
    asked: {},
    ...change,
  });

const chosen = (change: Partial<DeliveryRequest>) => {
  const { way, strategy } = choose(change);
  return [strategy?.name, way.kind, way.carrier];
};

const refusal = (change: Partial<DeliveryRequest>): string => {
  try {
    choose(change);
  } catch (error) {
    expect(error).toMatchObject({ code: 'OZ_PLAN_DELIVERY', hint: expect.any(String) });
    return (error as Error).message;
  }
  return 'not refused';
};

describe('chooseDelivery()', () => {
  it('counts a CD with drivers', () => {
    const two = cloud({ maxMedia: 2 });
    const request = { ways: [ways.medium], iso: true, reboots: 2, capabilities: two };
    expect(chosen(request)).toEqual(['volumes', 'medium', 'medium']);
    expect(refusal({ ...request, drivers: true })).toContain('no third medium');
  });

  it('needs no strategy where the place has none', () => {
    const { strategy, way } = choose({ capabilities: testCapabilities });
    expect([strategy, way]).toEqual([undefined, ways.initrd]);
  });

  const all = [ways.initrd, ways.argsMedium, ways.argsConfigDrive, ways.medium, ways.configDrive];
  const noVolumes = cloud({ strategies: strategies({ volumes: 'no Cinder' }) });
  const noKernel = cloud({ strategies: strategies({ direct: 'flavors have no disk' }) });

  it.each<[string, Partial<DeliveryRequest>, (string | undefined)[]]>([
    ['a tree', {}, ['direct', 'initrd', 'initrd']],
    ['an ISO beside the kernel', { iso: true }, ['direct', 'initrd', 'initrd']],
    [
      'an ISO without Cinder',
      { iso: true, ways: all, capabilities: noVolumes },
      ['rescue', 'medium', 'user-data'],
    ],
    [
      'an ISO without kernels',
      { iso: true, ways: all, capabilities: noKernel },
      ['volumes', 'medium', 'medium'],
    ],
    [
      'an asked strategy',
      { iso: true, ways: all, asked: { strategy: 'rescue' } },
      ['rescue', 'medium', 'user-data'],
    ],
    [
      'an asked carrier',
      { ways: all, asked: { carrier: 'user-data' } },
      ['direct', 'kernel-args', 'user-data'],
    ],
    [
      'restarts',
      { iso: true, ways: [ways.initrd, ways.medium], reboots: 1 },
      ['volumes', 'medium', 'medium'],
    ],
    [
      'a TPM',
      { iso: true, ways: [ways.configDrive], tpm: true },
      ['volumes', 'medium', 'user-data'],
    ],
    [
      'a copy of the ISO without Cinder',
      { iso: true, ways: [ways.remaster], capabilities: noVolumes },
      ['rescue', 'remaster', 'remaster'],
    ],
  ])('takes the first way that works: %s', (_name, change, expected) => {
    expect(chosen(change)).toEqual(expected);
  });

  it('says what it did not choose, and why', () => {
    const { delivery, strategy } = choose({ iso: true, ways: all, capabilities: noKernel });
    expect(delivery.rejected[0]).toEqual({
      kind: 'initrd',
      reason:
        'direct: flavors have no disk, volumes: it starts no kernel, rescue: it starts no kernel',
    });
    expect(strategy).toEqual({
      name: 'volumes',
      reason: 'volumes works',
      rejected: [{ name: 'direct', reason: 'flavors have no disk' }],
    });
  });

  it.each<[string, Partial<DeliveryRequest>, RegExp]>([
    ['media without volumes', { iso: true, capabilities: noVolumes }, /need volumes: no Cinder/],
    [
      'restarts in rescue',
      { ways: [ways.remaster], iso: true, reboots: 1, asked: { strategy: 'rescue' } },
      /every restart/,
    ],
    [
      'a TPM in rescue',
      { ways: [ways.remaster], iso: true, tpm: true, asked: { strategy: 'rescue' } },
      /volumes: oz.cfg asks for rescue, rescue: Nova rescues no server that has a TPM/,
    ],
    [
      'a TPM without Cinder',
      { ways: [ways.remaster], iso: true, tpm: true, capabilities: noVolumes },
      /volumes: no Cinder, rescue: Nova rescues no/,
    ],
    [
      'an answer medium in rescue',
      { ways: [ways.medium], iso: true, asked: { strategy: 'rescue' } },
      /room for the installer alone/,
    ],
    [
      'a large answer file',
      { ways: [ways.argsUrl], answerSize: () => 1001 },
      /1001 bytes, and user data takes 1000/,
    ],
    [
      'no metadata',
      {
        ways: [ways.argsUrl],
        capabilities: cloud({ userData: { maxBytes: 9999, configDrive: true, url: null } }),
      },
      /no metadata service/,
    ],
    ['no user data', { ways: [ways.configDrive], capabilities: testCapabilities }, /no user data/],
    ['a strategy nobody knows', { asked: { strategy: 'magic' } }, /oz.cfg asks for magic/],
    ['a floppy', { ways: [ways.medium], device: 'floppy' }, /no floppy/],
    [
      'a second medium',
      { ways: [ways.medium], iso: true, capabilities: { ...testCapabilities, maxMedia: 1 } },
      /no second medium/,
    ],
  ])('refuses %s', (_name, change, reason) => {
    expect(refusal(change)).toMatch(reason);
  });
});
