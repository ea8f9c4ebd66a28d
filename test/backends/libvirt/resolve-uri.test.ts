import { describe, expect, it } from 'vitest';
import { libvirtCapabilities, openLibvirt, resolveUri } from '../../../backends/libvirt/index.ts';
import { noLedger } from '../../../src/base/ledger-entry.ts';
import { kernelSpec, pcHardware } from './specs.ts';

const context = { ledger: noLedger, log: () => {} };

describe('resolveUri', () => {
  it('keeps what is configured', async () => {
    expect(await resolveUri('xen+ssh://host/')).toBe('xen+ssh://host/');
  });
  it('finds a place that opens', async () => {
    const uri = await resolveUri();
    expect(uri).toMatch(/^qemu:\/\/\/(system|session)$/);
    const place = await openLibvirt({ uri, type: 'qemu', cacheDir: '/nowhere', context });
    expect((await place.check(pcHardware)).summary).toContain(uri);
    await place.close();
  }, 60_000);
});

describe('libvirtCapabilities', () => {
  it('knows what a session can and a system can', () => {
    expect(libvirtCapabilities('qemu:///session')).toMatchObject({
      activity: { disk: true, network: false },
      hostAddress: '10.0.2.2',
    });
    expect(libvirtCapabilities('qemu:///system')).toMatchObject({
      activity: { disk: true, network: true },
      hostAddress: null,
    });
  });
});

describe('a place on test:///default', () => {
  const open = (type?: string) =>
    openLibvirt({ uri: 'test:///default', type, cacheDir: '/nowhere', context });
  const hardware = { ...pcHardware, arch: 'i386' as const };

  it('runs guests of the type it has, and describes them when finished', async () => {
    const place = await open();
    expect(await place.check(hardware)).toEqual({
      summary: 'test:///default, test, bridge virbr0',
    });
    await expect(place.check(pcHardware)).rejects.toMatchObject({ code: 'OZ_NO_HYPERVISOR' });
    const spec = { ...kernelSpec, hardware, name: 'place-test', consoleLog: '' };
    const guest = await place.createGuest(spec);
    await guest.start();
    expect(await guest.state()).toBe('running');
    expect(await place.existing('place-test', '/nowhere')).toEqual([
      { kind: 'guest', name: 'place-test' },
    ]);
    expect(place.describeFinished(spec)).toContain('<domain type="test">');
    await place.close();
    expect(await guest.state()).toBe('gone');
  });

  it('clears what a killed run left, and nothing that has its name by now', async () => {
    const entry = (ref: string) =>
      ({ place: 'libvirt', kind: 'domain', ref, at: 'test:///default' }) as const;
    const place = await open();
    const { name, uuid } = kernelSpec;
    const spec = { ...kernelSpec, hardware, consoleLog: '' };
    await (await place.createGuest(spec)).start();
    await place.remove(entry(`${name}/${'0'.repeat(8)}${uuid.slice(8)}`));
    expect(await place.existing(name, '/nowhere')).toHaveLength(1);
    await place.remove(entry(`${name}/${uuid}`));
    expect(await place.existing(name, '/nowhere')).toEqual([]);
    const far = { ...entry('x'), at: 'qemu+ssh://nowhere.example/system' };
    await expect(place.remove(far)).rejects.toMatchObject({ code: 'OZ_LIBVIRT_PLACE' });
    // Defined by its user: never one of ours.
    await place.remove(entry('test'));
    expect(await place.existing('test', '/nowhere')).toHaveLength(1);
    await place.close();
  });

  it('refuses a type that is not there', async () => {
    const place = await open('kvm');
    await expect(place.check(hardware)).rejects.toMatchObject({
      code: 'OZ_NO_HYPERVISOR',
      message: 'Cannot run i386 guests of type kvm on test:///default: it has test',
    });
    await place.close();
  });

  it('clears a persistent domain and its disk', async () => {
    const place = await open();
    expect(await place.existing('test', '/nowhere')).toHaveLength(1);
    await place.clear('test', '/nowhere');
    expect(await place.existing('test', '/nowhere')).toEqual([]);
    await place.clear('test', '/nowhere');
    await place.close();
  });
});
