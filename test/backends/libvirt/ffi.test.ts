import { describe, expect, it } from 'vitest';
import { loadLibvirt, vir } from '../../../backends/libvirt/ffi.ts';

/** A function of the library, called without arguments it might read: only its presence is looked at. */
describe('libvirt prototypes', () => {
  const lib = loadLibvirt();

  it('finds every function in the installed library', () => {
    for (const [name, value] of Object.entries(lib)) {
      expect(['function', 'bigint'], name).toContain(typeof value);
    }
    expect(lib.virInitialize()).toBe(0);
    const version: (number | bigint)[] = [0];
    expect(lib.virGetVersion(version, null, [0])).toBe(0);
    expect(Number(version[0])).toBeGreaterThan(6_000_000);
  });

  it('reads structures, lists and errors of test:///default', () => {
    lib.virEventRegisterDefaultImpl();
    lib.virSetErrorFunc(null, lib.nothing);
    const conn = lib.virConnectOpen('test:///default');
    if (conn === null) throw new Error('no test driver');
    const domain = lib.virDomainLookupByName(conn, 'test');
    if (domain === null) throw new Error('no domain test');
    expect(lib.virDomainGetName(domain)).toBe('test');
    const uuid = new Uint8Array(37);
    expect(lib.virDomainGetUUIDString(domain, uuid)).toBe(0);
    expect(Buffer.from(uuid).toString('latin1')).toMatch(
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\0$/,
    );
    const state = [-1];
    const reason = [-1];
    expect(lib.virDomainGetState(domain, state, reason, 0)).toBe(0);
    expect(state).toEqual([vir.state.running]);
    expect(lib.virDomainGetXMLDesc(domain, 0)).toContain('<name>test</name>');

    const list: (bigint | null)[] = [null];
    const count = lib.virConnectListAllNetworks(conn, list, vir.networksActive);
    expect(count).toBe(1);
    const [network] = lib.decode(list[0] as bigint, 'void *', count) as bigint[];
    expect(lib.virNetworkGetName(network as bigint)).toBe('default');
    lib.virNetworkFree(network);
    lib.free(list[0] as bigint);

    expect(lib.virDomainLookupByName(conn, 'nobody')).toBeNull();
    expect(lib.virGetLastErrorCode()).toBe(vir.error.noDomain);
    expect(lib.virGetLastErrorMessage()).toMatch(/not found/);
    lib.virDomainFree(domain);
    expect(lib.virConnectClose(conn)).toBe(0);
  });

  it('moves bytes through a stream', () => {
    const conn = lib.virConnectOpen('test:///default') as bigint;
    const stream = lib.virStreamNew(conn, 0) as bigint;
    expect(stream).not.toBeNull();
    // nothing is attached to it: the call must fail, not crash
    expect(lib.virStreamRecv(stream, new Uint8Array(16), 16)).toBe(-1);
    expect(lib.virStreamSend(stream, new Uint8Array(16), 16)).toBe(-1);
    lib.virStreamFree(stream);
    lib.virConnectClose(conn);
  });
});
