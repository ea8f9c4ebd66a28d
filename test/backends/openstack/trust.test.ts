/** A TPM and secure boot in a cloud: what tells of them, and where they end up. */
import { describe, expect, it } from 'vitest';
import type { Hardware } from '../../../backends/backend.ts';
import type { Flavor } from '../../../backends/openstack/services/types.ts';
import { readOpenstackSettings } from '../../../backends/openstack/settings.ts';
import { rescueObstacle, type TrustingCloud, trustOf } from '../../../backends/openstack/trust.ts';
import { guestSpec, hardware } from '../../fakes/specs.ts';
import { gib, installGuestSpec, openPlace } from './opened.ts';
import { failureOf, opened } from './services/open.ts';
import { largeFlavor, smallFlavor } from './working-cloud.ts';

const barbican = { endpoints: { 'key-manager': '/key-manager' } };
const both = { tpm: 'yes', secure_boot: 'yes' };

const cloud = (keyManager: boolean, newest: string | null): TrustingCloud => ({
  keyManager,
  nova: {
    microversion: newest === null ? null : { min: '2.1', max: newest },
    supports: (version) => newest !== null && newest >= version,
  },
});
const modern = cloud(true, '2.93');

const flavor = (extraSpecs: Record<string, string>): Flavor => ({
  ...{ id: 'f1', name: 'chosen', vcpus: 2, ram: 4096, disk: 0, ephemeral: 0, swap: 0 },
  ...{ isPublic: true, disabled: false, extraSpecs },
});

describe('what guests can be given', () => {
  const trust = (
    settings: Record<string, string>,
    extraSpecs: Record<string, string> = {},
    where = modern,
  ) => trustOf(where, readOpenstackSettings(settings), [flavor(extraSpecs)]);
  const chosen = { flavor: 'chosen' };

  it.each([
    [{}, {}, [false, false]],
    [{ tpm: 'yes' }, {}, [true, false]],
    [{ secure_boot: 'yes' }, {}, [false, true]],
    [both, {}, [true, true]],
    [chosen, { 'hw:tpm_version': '2.0' }, [true, false]],
    [{ flavor: 'f1' }, { 'os:secure_boot': 'required' }, [false, true]],
    [{}, { 'hw:tpm_version': '2.0', 'os:secure_boot': 'required' }, [false, false]],
    [chosen, { 'hw:tpm_version': '1.2', 'os:secure_boot': 'optional' }, [false, false]],
    [{ ...chosen, ...both }, { 'hw:tpm_version': '2.0' }, [true, true]],
    [{ flavor: 'none' }, { 'hw:tpm_version': '2.0' }, [false, false]],
  ])('by %j and a flavor with %j', (settings, extraSpecs, [tpm, secureBoot]) => {
    expect(trust(settings, extraSpecs)).toEqual({ tpm, secureBoot });
  });

  it('is what the flavor says where the cloud tells of no key manager', () => {
    const specs = { 'hw:tpm_version': '2.0' };
    expect(trust({ ...chosen, tpm: 'yes' }, specs, cloud(false, '2.93')).tpm).toBe(true);
  });

  it('is what [openstack] says where Nova does not tell its version', () => {
    expect(trust(both, {}, cloud(true, null))).toEqual({ tpm: true, secureBoot: true });
  });

  it.each<[Record<string, string>, Record<string, string>, TrustingCloud, string, string]>([
    [
      both,
      {},
      cloud(false, '2.93'),
      'Cannot give guests a TPM: Nova needs a key manager (Barbican) for it, and the catalog has none',
      'set tpm = no in [openstack], or choose a flavor with hw:tpm_version=2.0',
    ],
    [
      both,
      {},
      cloud(true, '2.87'),
      'Cannot give guests secure boot: this Nova is too old for it (before 2.88)',
      'set secure_boot = no in [openstack], or choose a flavor with os:secure_boot=required',
    ],
    [
      { ...chosen, tpm: 'yes' },
      { 'hw:tpm_version': '1.2' },
      modern,
      'Cannot give guests a TPM: flavor chosen has hw:tpm_version=1.2',
      'set tpm = no in [openstack], or choose another flavor',
    ],
  ])('is refused: %j, a flavor with %j', (settings, extraSpecs, where, message, hint) => {
    expect(() => trust(settings, extraSpecs, where)).toThrow(
      expect.objectContaining({ code: 'OZ_CLOUD_SETTING', message, hint }),
    );
  });
});

describe('a rescue', () => {
  const obstacle = (
    settings: Record<string, string>,
    flavors: Flavor[],
    where: TrustingCloud = modern,
  ) => rescueObstacle(where, readOpenstackSettings(settings), flavors);
  const plain = flavor({});
  const trusted: Flavor = { ...flavor({ 'hw:tpm_version': '1.2' }), id: 'f2', name: 'trusted' };

  it.each<[string, ReturnType<typeof obstacle>, string | null]>([
    ['is possible', obstacle({}, [plain, trusted]), null],
    ['is possible as far as is known without flavors', obstacle({}, []), null],
    ['is where the flavor has no TPM', obstacle({ flavor: 'chosen' }, [plain, trusted]), null],
    [
      'is not where the flavor has one',
      obstacle({ flavor: 'trusted' }, [plain, trusted]),
      'flavor trusted has a TPM, and Nova rescues no server that has one',
    ],
    [
      'is not where all flavors have one',
      obstacle({}, [trusted]),
      'every flavor here has a TPM, and Nova rescues no server that has one',
    ],
    [
      'is not in an old Nova',
      obstacle({}, [plain], cloud(true, '2.79')),
      'this Nova is too old for it (before 2.87)',
    ],
  ])('%s', (_, told, expected) => expect(told).toBe(expected));

  it('is refused before anything is made', async () => {
    const specs = { extra_specs: { 'hw:tpm_version': '2.0' } };
    const { place } = await openPlace({
      settings: { flavor: 'trusted' },
      flavors: [smallFlavor, { ...largeFlavor, name: 'trusted', ...specs }],
    });
    const { strategies } = await place.capabilities();
    expect(strategies?.find(({ name }) => name === 'rescue')).toMatchObject({
      ...{ name: 'rescue', possible: false },
      reason: 'flavor trusted has a TPM, and Nova rescues no server that has one',
    });
  });
});

it('looks for a key manager in its own region', async () => {
  expect((await opened()).cloud.keyManager).toBe(false);
  expect((await opened(barbican)).cloud.keyManager).toBe(true);
});

it('is told before anything is made', async () => {
  const plain = await openPlace();
  expect((await plain.place.capabilities()).trust).toEqual({ tpm: false, secureBoot: false });
  const { place } = await openPlace({ settings: both, cloud: barbican });
  expect((await place.capabilities()).trust).toEqual({ tpm: true, secureBoot: true });
  const without = await openPlace({ settings: both });
  expect(await failureOf(without.place.capabilities())).toMatchObject({
    code: 'OZ_CLOUD_SETTING',
    message: expect.stringContaining('key manager'),
  });
  expect(without.fake.requests.every(({ method }) => method === 'GET')).toBe(true);
  const trusted = { ...largeFlavor, name: 'trusted', extra_specs: { 'hw:tpm_version': '2.0' } };
  const named = await openPlace({
    settings: { flavor: 'trusted' },
    flavors: [smallFlavor, trusted],
  });
  expect((await named.place.capabilities()).trust).toEqual({ tpm: true, secureBoot: false });
});

const trusting: Hardware = {
  ...hardware,
  ...{ machine: 'q35', firmware: 'efi', diskBus: 'sata', cdromBus: 'sata', clock: 'localtime' },
  ...{ tpm: true, secureBoot: true },
};
const asked = {
  os_secure_boot: 'required',
  hw_tpm_version: '2.0',
  hw_firmware_type: 'uefi',
  hw_machine_type: 'q35',
};

it.each(['volumes', 'direct'] as const)(
  'stands on every disk of the build and on its result (%s)',
  async (strategy) => {
    const around = await openPlace({ settings: both, cloud: barbican });
    const { place, services } = around;
    const spec = await installGuestSpec(around, strategy, { hardware: trusting });
    const root = () => {
      const [kind, id = ''] = spec.disk.ref.split(':');
      if (kind === 'image') return services.images.get(id);
      return services.volumes.get(id)?.volume_image_metadata;
    };
    const guest = await place.createGuest(spec);
    const stopped = new Promise((resolve) => guest.onStop(resolve));
    await guest.start();
    expect(root()).toMatchObject(asked);
    services.powerOff();
    await stopped;
    const taken = await guest.takeDisk();
    await guest.destroy();
    spec.disk = taken;
    expect(root()).toMatchObject(asked);
    const published = await place.publish?.(taken, {
      name: 'win',
      os: { distro: 'win', version: '11', type: 'windows' },
      hardware: trusting,
      minDisk: 4 * gib,
      minRam: 4096,
    });
    expect(services.images.get(published?.id ?? '')).toMatchObject(asked);
  },
);

it('is shown by the plan of the server', async () => {
  const { place } = await openPlace({ settings: both, cloud: barbican });
  const { text } = await place.planServer({ ...guestSpec('win'), hardware: trusting });
  expect(JSON.parse(text).disk).toMatchObject(asked);
});
