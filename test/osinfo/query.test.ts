import { describe, expect, it } from 'vitest';
import { openOsinfo } from '../../osinfo/index.ts';
import { formatTable, listEntities } from '../../osinfo/query/list.ts';
import { findOs, osDevices, showOs } from '../../osinfo/query/show.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';

const database = openOsinfo({ env: osinfoEnv, ownData: false });

describe('listEntities() of systems', () => {
  it('filters, sorts and picks fields', () => {
    const rows = listEntities(database, 'os', {
      filter: { distro: 'debian', 'short-id': 'debianbullseye' },
      fields: ['version', 'codename'],
    });
    expect(rows).toEqual([{ version: '11', codename: 'bullseye' }]);
    const all = listEntities(database, 'os', {
      filter: { family: 'linux' },
      sort: 'id',
      fields: ['id'],
    });
    const ids = all.map((row) => row.id ?? '');
    expect(ids.length).toBeGreaterThan(300);
    expect(ids).toEqual([...ids].sort());
  });

  it('refuses unknown properties', () => {
    expect(() => listEntities(database, 'os', { sort: 'colour' })).toThrow(
      expect.objectContaining({ code: 'OZ_OSINFO_BAD_PROPERTY', exitCode: 2 }),
    );
    expect(() => listEntities(database, 'device', { filter: { version: '1' } })).toThrow();
  });

  it('gives the same of a system whether it was listed or asked for', () => {
    const listed = openOsinfo({ env: osinfoEnv, ownData: false });
    for (const os of listed.oses()) {
      const asked = database.os(os.id);
      expect([...os.params]).toEqual([...(asked?.params ?? [])]);
      expect(os.derivesFrom).toEqual(asked?.derivesFrom);
    }
    const [a, b] = [listed, database].map((d) => showOs(d, findOs(d, 'debian11')));
    expect(a).toEqual(b);
  });

  it('makes a table', () => {
    const rows = listEntities(database, 'os', {
      filter: { 'short-id': 'debian11' },
      fields: ['version', 'distro'],
    });
    expect(formatTable('os', rows, ['version', 'distro'])).toBe(
      ' Version  | Distro      \n----------+-------------\n' + ' 11       | debian      \n',
    );
  });
});

describe('showOs', () => {
  it('tells everything about one', () => {
    const debian = showOs(database, findOs(database, 'debian11'));
    expect(debian.values).toMatchObject({ codename: 'bullseye', 'release-date': '2021-08-14' });
    expect(debian.derivesFrom).toEqual(['http://debian.org/debian/10']);
    expect(debian.devices.map((d) => d.name)).toContain('virtio1.0-net');
    expect(debian.firmware).toContainEqual({ arch: 'x86_64', type: 'efi', supported: true });
    expect(debian.resources.minimum).toEqual([
      { arch: 'all', cpu: '1000000000', 'n-cpus': '1', ram: '1073741824', storage: '10737418240' },
    ]);
    expect(debian.trees.length).toBe(6);
    expect(JSON.parse(JSON.stringify(debian))).toEqual(debian);
  });

  it('takes only the devices that a platform has too', () => {
    const os = findOs(database, 'debian11');
    const both = osDevices(database, os, 'qemu-2.0.0').map((d) => d.id);
    const all = osDevices(database, os).map((d) => d.id);
    expect(both.length).toBeGreaterThan(0);
    expect(both.length).toBeLessThan(all.length);
    expect(all).toEqual(expect.arrayContaining(both));
    // between 2.0.0 and 2.0.1
    expect(osDevices(database, os, 'http://qemu.org/qemu/2.0.0.5')).toHaveLength(both.length);
  });

  it('says what there is not', () => {
    expect(() => findOs(database, 'nonesuch')).toThrow(
      expect.objectContaining({ code: 'OZ_OSINFO_UNKNOWN_OS' }),
    );
    expect(() => osDevices(database, findOs(database, 'debian11'), 'x')).toThrow(
      expect.objectContaining({ code: 'OZ_OSINFO_UNKNOWN_PLATFORM' }),
    );
  });
});
