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

const gib = 1024 ** 3;

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
    memory: 2048,
    disk: 10 * gib,
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

  const small = [
    { name: 'tiny', memory: 512, disk: 20 * gib },
    { name: 'diskless', memory: 8192, disk: 1 * gib },
  ];
  const offering = (
    sizes: NonNullable<Strategies[number]['sizes']>,
    volumes?: { count: number; bytes: number },
  ) =>
    cloud({
      strategies: strategies({}).map((offered) =>
        offered.name === 'volumes' ? { ...offered, volumes } : { ...offered, sizes },
      ),
    });
  const isoWays = { iso: true, ways: all };

  it.each<[string, Partial<DeliveryRequest>, string | undefined]>([
    ['flavors with too small disks', { ...isoWays, capabilities: offering(small) }, 'volumes'],
    [
      'flavors that have room for a smaller one',
      { ...isoWays, capabilities: offering(small), disk: 1 * gib },
      'direct',
    ],
    [
      'a quota that has room for disk, ISO and answers',
      { ...isoWays, capabilities: offering(small, { count: 3, bytes: 12 * gib }) },
      'volumes',
    ],
    [
      'a quota that has room for no more than a medium',
      {
        ...{ iso: true, ways: [ways.initrd, ways.configDrive] },
        capabilities: offering([{ name: 'm', memory: 4096, disk: 20 * gib }], {
          ...{ count: 0, bytes: 100 * gib },
        }),
      },
      'rescue',
    ],
  ])('looks at the sizes of guests and volumes: %s', (_name, change, expected) => {
    expect(choose(change).strategy?.name).toBe(expected);
  });

  it.each<[string, Partial<DeliveryRequest>, RegExp]>([
    [
      'no flavor',
      { capabilities: offering(small) },
      /direct: the disk takes 10 GiB, and no flavor with 2048 MiB of memory has so much/,
    ],
    [
      'the flavor that was asked for',
      { capabilities: offering([{ name: 'm1.tiny', memory: 9e9, disk: 1 * gib }]) },
      /direct: the disk takes 10 GiB, and flavor m1\.tiny has 1 GiB of its own/,
    ],
    [
      'gigabytes',
      { ...isoWays, capabilities: offering(small, { count: 9, bytes: 11.9 * gib }), tpm: true },
      /volumes: volumes of 12 GiB at least are needed, and the quota has room for 11/,
    ],
    [
      'volumes',
      { ...isoWays, capabilities: offering(small, { count: 2, bytes: 90 * gib }), tpm: true },
      /volumes: 3 volumes are needed, and the quota has room for 2/,
    ],
  ])('says what there is too little of: %s', (_name, change, pattern) => {
    const ask = {
      ...change,
      ways: [(change.ways ?? [ways.initrd]).find(({ kind }) => kind === 'medium') ?? ways.initrd],
    };
    expect(refusal(ask)).toMatch(pattern);
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
