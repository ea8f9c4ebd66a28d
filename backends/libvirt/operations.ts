/**
 * What the call workers do, one synchronous function each. Objects are looked
 * up by UUID or name in every operation and freed before it returns, so that
 * nothing outside ever holds a pointer other than the connection's.
 */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { inWords, limits } from '../../src/base/limits.ts';
import { blocksOf, type Piece, sizeOf } from '../../src/media/splice.ts';
import { type Libvirt, loadLibvirt, type Pointer, vir } from './ffi.ts';

/** libvirt's own words about a failed call. */
export interface LibvirtFailure {
  code: number;
  domain: number;
  message: string;
  call: string;
}

/** Thrown by operations; crosses the thread boundary as plain data. */
export class FailedCall extends Error {
  readonly failure: LibvirtFailure;
  constructor(failure: LibvirtFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** What a running operation may tell and ask. */
export interface OperationContext {
  progress(done: number, total: number | null): void;
  /** Whether the caller has given up; asked between pieces of a transfer. */
  aborted(): boolean;
}

export interface DomainInfo {
  uuid: string;
  name: string;
  active: boolean;
  persistent: boolean;
}

export interface NetworkInfo {
  name: string;
  xml: string;
}

export interface PoolInfo {
  name: string;
  xml: string;
}

export interface GuestInterface {
  name: string;
  mac: string | null;
  addresses: { family: 'ipv4' | 'ipv6'; address: string }[];
}

function fail(lib: Libvirt, call: string): never {
  const failure = {
    code: lib.virGetLastErrorCode(),
    domain: lib.virGetLastErrorDomain(),
    message: (lib.virGetLastErrorMessage() ?? 'unknown error').trim(),
    call,
  };
  lib.virResetLastError();
  throw new FailedCall(failure);
}

/** Passes on a result that is neither NULL nor negative. */
function ok<T>(lib: Libvirt, call: string, result: T | null): T {
  if (result === null || (typeof result === 'number' && result < 0)) fail(lib, call);
  return result;
}

function withDomain<T>(conn: Pointer, uuid: string, use: (lib: Libvirt, domain: Pointer) => T): T {
  const lib = loadLibvirt();
  const domain = ok(lib, 'virDomainLookupByUUID', lib.virDomainLookupByUUIDString(conn, uuid));
  try {
    return use(lib, domain);
  } finally {
    lib.virDomainFree(domain);
  }
}

function withPool<T>(conn: Pointer, name: string, use: (lib: Libvirt, pool: Pointer) => T): T {
  const lib = loadLibvirt();
  const pool = ok(lib, 'virStoragePoolLookupByName', lib.virStoragePoolLookupByName(conn, name));
  try {
    return use(lib, pool);
  } finally {
    lib.virStoragePoolFree(pool);
  }
}

function withVolume<T>(
  conn: Pointer,
  poolName: string,
  name: string,
  use: (lib: Libvirt, volume: Pointer) => T,
): T {
  return withPool(conn, poolName, (lib, pool) => {
    const volume = ok(lib, 'virStorageVolLookupByName', lib.virStorageVolLookupByName(pool, name));
    try {
      return use(lib, volume);
    } finally {
      lib.virStorageVolFree(volume);
    }
  });
}

function withStream<T>(conn: Pointer, use: (lib: Libvirt, stream: Pointer) => T): T {
  const lib = loadLibvirt();
  const stream = ok(lib, 'virStreamNew', lib.virStreamNew(conn, 0));
  try {
    return use(lib, stream);
  } finally {
    lib.virStreamFree(stream);
  }
}

/** The pointers of a list that the library allocated; the list itself is freed. */
function pointersOf(lib: Libvirt, list: Pointer | null | undefined, count: number): Pointer[] {
  if (!list) return [];
  const pointers = count > 0 ? [...(lib.decode(list, 'void *', count) as Pointer[])] : [];
  lib.free(list);
  return pointers;
}

function describeDomain(lib: Libvirt, domain: Pointer): DomainInfo {
  const buffer = new Uint8Array(37);
  ok(lib, 'virDomainGetUUIDString', lib.virDomainGetUUIDString(domain, buffer));
  return {
    uuid: Buffer.from(buffer.subarray(0, 36)).toString('latin1'),
    name: lib.virDomainGetName(domain) ?? '',
    active: lib.virDomainIsActive(domain) === 1,
    persistent: lib.virDomainIsPersistent(domain) === 1,
  };
}

const pieceSize = 1 << 18;

/** Reads a stream to its end, giving each piece to `take`. */
function drain(
  lib: Libvirt,
  stream: Pointer,
  context: OperationContext,
  take: (piece: Uint8Array) => void,
): void {
  const piece = new Uint8Array(pieceSize);
  try {
    for (;;) {
      if (context.aborted()) throw new Error('aborted');
      const read = ok(lib, 'virStreamRecv', lib.virStreamRecv(stream, piece, piece.length));
      if (read === 0) break;
      take(piece.subarray(0, read));
    }
  } catch (error) {
    lib.virStreamAbort(stream);
    throw error;
  }
  ok(lib, 'virStreamFinish', lib.virStreamFinish(stream));
}

export const operations = {
  open(_context: OperationContext, uri: string): Pointer {
    const lib = loadLibvirt();
    const conn = ok(lib, 'virConnectOpen', lib.virConnectOpen(uri));
    // Drivers inside this process have no connection to keep alive: no failure.
    if (lib.virConnectSetKeepAlive(conn, 5, 6) < 0) lib.virResetLastError();
    return conn;
  },
  close(_context: OperationContext, conn: Pointer): number {
    return loadLibvirt().virConnectClose(conn);
  },
  isAlive(_context: OperationContext, conn: Pointer): boolean {
    return loadLibvirt().virConnectIsAlive(conn) === 1;
  },
  /** Ends the event loop's wait, so that its thread hears what it was told. */
  wake(_context: OperationContext, timer: number): void {
    loadLibvirt().virEventUpdateTimeout(timer, 0);
  },
  /** The hypervisor's version as 1000000 * major + 1000 * minor + release. */
  version(_context: OperationContext, conn: Pointer): number {
    const lib = loadLibvirt();
    const version: (number | bigint)[] = [0];
    ok(lib, 'virConnectGetVersion', lib.virConnectGetVersion(conn, version));
    return Number(version[0]);
  },
  capabilities(_context: OperationContext, conn: Pointer): string {
    const lib = loadLibvirt();
    return ok(lib, 'virConnectGetCapabilities', lib.virConnectGetCapabilities(conn));
  },
  domainCapabilities(
    _context: OperationContext,
    conn: Pointer,
    arch: string,
    machine: string | null,
    type: string,
  ): string {
    const lib = loadLibvirt();
    return ok(
      lib,
      'virConnectGetDomainCapabilities',
      lib.virConnectGetDomainCapabilities(conn, null, arch, machine, type, 0),
    );
  },

  createDomain(
    _context: OperationContext,
    conn: Pointer,
    xml: string,
    /** Check against libvirt's schema first. */
    validate = false,
  ): DomainInfo {
    const lib = loadLibvirt();
    const flags = validate ? vir.startValidate : 0;
    const domain = ok(lib, 'virDomainCreateXML', lib.virDomainCreateXML(conn, xml, flags));
    try {
      return describeDomain(lib, domain);
    } finally {
      lib.virDomainFree(domain);
    }
  },
  domainByName(_context: OperationContext, conn: Pointer, name: string): DomainInfo | null {
    const lib = loadLibvirt();
    const domain = lib.virDomainLookupByName(conn, name);
    if (domain === null) {
      if (lib.virGetLastErrorCode() !== vir.error.noDomain) fail(lib, 'virDomainLookupByName');
      lib.virResetLastError();
      return null;
    }
    try {
      return describeDomain(lib, domain);
    } finally {
      lib.virDomainFree(domain);
    }
  },
  domainState(
    _context: OperationContext,
    conn: Pointer,
    uuid: string,
  ): { state: number; reason: number } {
    return withDomain(conn, uuid, (lib, domain) => {
      const state = [0];
      const reason = [0];
      ok(lib, 'virDomainGetState', lib.virDomainGetState(domain, state, reason, 0));
      return { state: state[0] ?? 0, reason: reason[0] ?? 0 };
    });
  },
  domainXml(_context: OperationContext, conn: Pointer, uuid: string): string {
    // No VIR_DOMAIN_XML_SECURE: passwords stay out.
    return withDomain(conn, uuid, (lib, domain) =>
      ok(lib, 'virDomainGetXMLDesc', lib.virDomainGetXMLDesc(domain, 0)),
    );
  },
  shutdownDomain(_context: OperationContext, conn: Pointer, uuid: string): void {
    withDomain(conn, uuid, (lib, domain) =>
      ok(lib, 'virDomainShutdownFlags', lib.virDomainShutdownFlags(domain, vir.shutdown.acpi)),
    );
  },
  destroyDomain(_context: OperationContext, conn: Pointer, uuid: string): void {
    withDomain(conn, uuid, (lib, domain) =>
      ok(lib, 'virDomainDestroy', lib.virDomainDestroy(domain)),
    );
  },
  undefineDomain(_context: OperationContext, conn: Pointer, uuid: string): void {
    withDomain(conn, uuid, (lib, domain) => {
      // Not every driver knows what else there may be to forget.
      if (lib.virDomainUndefineFlags(domain, vir.undefineAll) === 0) return;
      if (lib.virGetLastErrorCode() !== vir.error.invalidArg) fail(lib, 'virDomainUndefineFlags');
      ok(lib, 'virDomainUndefineFlags', lib.virDomainUndefineFlags(domain, 0));
    });
  },
  /** Requests made to all the named disks so far, and bytes written. */
  diskCounters(
    _context: OperationContext,
    conn: Pointer,
    uuid: string,
    disks: readonly string[],
  ): { requests: number; written: number } {
    return withDomain(conn, uuid, (lib, domain) => {
      const sum = { requests: 0, written: 0 };
      for (const disk of disks) {
        const stats = { rd_req: 0, wr_req: 0, wr_bytes: 0 };
        ok(lib, 'virDomainBlockStats', lib.virDomainBlockStats(domain, disk, stats, 40));
        sum.requests += Number(stats.rd_req) + Number(stats.wr_req);
        sum.written += Math.max(0, Number(stats.wr_bytes));
      }
      return sum;
    });
  },
  /** Bytes in and out of all the named network devices so far. */
  networkBytes(
    _context: OperationContext,
    conn: Pointer,
    uuid: string,
    devices: readonly string[],
  ): number {
    return withDomain(conn, uuid, (lib, domain) =>
      devices.reduce((sum, device) => {
        const stats = { rx_bytes: 0, tx_bytes: 0 };
        ok(lib, 'virDomainInterfaceStats', lib.virDomainInterfaceStats(domain, device, stats, 64));
        return sum + Math.max(0, Number(stats.rx_bytes)) + Math.max(0, Number(stats.tx_bytes));
      }, 0),
    );
  },
  interfaceAddresses(
    _context: OperationContext,
    conn: Pointer,
    uuid: string,
    source: number,
  ): GuestInterface[] {
    return withDomain(conn, uuid, (lib, domain) => {
      const out: (Pointer | null)[] = [null];
      const count = ok(
        lib,
        'virDomainInterfaceAddresses',
        lib.virDomainInterfaceAddresses(domain, out, source, 0),
      );
      return pointersOf(lib, out[0], count).map((pointer) => {
        const found = lib.decode(pointer, 'OzInterface') as {
          name: string;
          hwaddr: string | null;
          naddrs: number;
          addrs: Pointer | null;
        };
        const addresses = found.addrs
          ? (lib.decode(found.addrs, 'OzIpAddress', found.naddrs) as {
              type: number;
              addr: string;
            }[])
          : [];
        const result: GuestInterface = {
          name: found.name,
          mac: found.hwaddr,
          addresses: addresses.map(({ type, addr }) => ({
            family: type === 0 ? 'ipv4' : 'ipv6',
            address: addr,
          })),
        };
        lib.virDomainInterfaceFree(pointer);
        return result;
      });
    });
  },
  screenshot(
    context: OperationContext,
    conn: Pointer,
    uuid: string,
  ): { mime: string; data: Uint8Array } {
    return withDomain(conn, uuid, (_lib, domain) =>
      withStream(conn, (lib, stream) => {
        const mime = ok(lib, 'virDomainScreenshot', lib.virDomainScreenshot(domain, stream, 0, 0));
        const pieces: Uint8Array[] = [];
        let size = 0;
        drain(lib, stream, context, (piece) => {
          size += piece.length;
          if (size > limits.screen)
            throw new Error(`the screen is larger than ${inWords(limits.screen)}`);
          pieces.push(Uint8Array.from(piece));
        });
        return { mime, data: new Uint8Array(Buffer.concat(pieces)) };
      }),
    );
  },
  sendKeys(
    _context: OperationContext,
    conn: Pointer,
    uuid: string,
    codes: readonly number[],
  ): void {
    withDomain(conn, uuid, (lib, domain) =>
      ok(
        lib,
        'virDomainSendKey',
        lib.virDomainSendKey(
          domain,
          vir.keycodesLinux,
          100,
          Uint32Array.from(codes),
          codes.length,
          0,
        ),
      ),
    );
  },
  /** One line for QEMU's human monitor; returns what it prints. */
  monitor(_context: OperationContext, conn: Pointer, uuid: string, command: string): string {
    return withDomain(conn, uuid, (lib, domain) => {
      const result: (string | null)[] = [null];
      ok(
        lib,
        'virDomainQemuMonitorCommand',
        lib.virDomainQemuMonitorCommand(domain, command, result, vir.monitorHmp),
      );
      return result[0] ?? '';
    });
  },

  activeNetworks(_context: OperationContext, conn: Pointer): NetworkInfo[] {
    const lib = loadLibvirt();
    const out: (Pointer | null)[] = [null];
    const count = ok(
      lib,
      'virConnectListAllNetworks',
      lib.virConnectListAllNetworks(conn, out, vir.networksActive),
    );
    return pointersOf(lib, out[0], count).map((network) => {
      const info = {
        name: lib.virNetworkGetName(network) ?? '',
        xml: lib.virNetworkGetXMLDesc(network, 0) ?? '',
      };
      lib.virNetworkFree(network);
      return info;
    });
  },

  /** Addresses that a network's DHCP server has given to a MAC; `expires` in seconds since 1970. */
  leases(
    _context: OperationContext,
    conn: Pointer,
    networkName: string,
    mac: string,
  ): { family: 'ipv4' | 'ipv6'; address: string; expires: number }[] {
    const lib = loadLibvirt();
    const network = ok(
      lib,
      'virNetworkLookupByName',
      lib.virNetworkLookupByName(conn, networkName),
    );
    try {
      const out: (Pointer | null)[] = [null];
      const count = ok(
        lib,
        'virNetworkGetDHCPLeases',
        lib.virNetworkGetDHCPLeases(network, mac, out, 0),
      );
      return pointersOf(lib, out[0], count).map((pointer) => {
        const lease = lib.decode(pointer, 'OzLease') as {
          expirytime: number | bigint;
          type: number;
          ipaddr: string;
        };
        const result = {
          family: lease.type === 0 ? ('ipv4' as const) : ('ipv6' as const),
          address: lease.ipaddr,
          expires: Number(lease.expirytime),
        };
        lib.virNetworkDHCPLeaseFree(pointer);
        return result;
      });
    } finally {
      lib.virNetworkFree(network);
    }
  },

  activePools(_context: OperationContext, conn: Pointer): PoolInfo[] {
    const lib = loadLibvirt();
    const out: (Pointer | null)[] = [null];
    const count = ok(
      lib,
      'virConnectListAllStoragePools',
      lib.virConnectListAllStoragePools(conn, out, vir.poolsActive),
    );
    return pointersOf(lib, out[0], count).map((pool) => {
      const info = {
        name: lib.virStoragePoolGetName(pool) ?? '',
        xml: lib.virStoragePoolGetXMLDesc(pool, 0) ?? '',
      };
      lib.virStoragePoolFree(pool);
      return info;
    });
  },
  createPool(_context: OperationContext, conn: Pointer, xml: string): void {
    const lib = loadLibvirt();
    lib.virStoragePoolFree(
      ok(lib, 'virStoragePoolCreateXML', lib.virStoragePoolCreateXML(conn, xml, 0)),
    );
  },
  refreshPool(_context: OperationContext, conn: Pointer, pool: string): void {
    withPool(conn, pool, (lib, pointer) =>
      ok(lib, 'virStoragePoolRefresh', lib.virStoragePoolRefresh(pointer, 0)),
    );
  },
  destroyPool(_context: OperationContext, conn: Pointer, pool: string): void {
    withPool(conn, pool, (lib, pointer) =>
      ok(lib, 'virStoragePoolDestroy', lib.virStoragePoolDestroy(pointer)),
    );
  },
  /** Makes a volume; returns its path on the hypervisor's machine. */
  createVolume(_context: OperationContext, conn: Pointer, pool: string, xml: string): string {
    return withPool(conn, pool, (lib, pointer) => {
      const volume = ok(lib, 'virStorageVolCreateXML', lib.virStorageVolCreateXML(pointer, xml, 0));
      try {
        return ok(lib, 'virStorageVolGetPath', lib.virStorageVolGetPath(volume));
      } finally {
        lib.virStorageVolFree(volume);
      }
    });
  },
  volumeExists(_context: OperationContext, conn: Pointer, pool: string, name: string): boolean {
    try {
      return withVolume(conn, pool, name, () => true);
    } catch (error) {
      if (error instanceof FailedCall && error.failure.code === vir.error.noStorageVol)
        return false;
      throw error;
    }
  },
  deleteVolume(_context: OperationContext, conn: Pointer, pool: string, name: string): void {
    withVolume(conn, pool, name, (lib, volume) =>
      ok(lib, 'virStorageVolDelete', lib.virStorageVolDelete(volume, 0)),
    );
  },
  /** Bytes that a volume takes of its pool, as its host sees it now. */
  volumeAllocation(_context: OperationContext, conn: Pointer, pool: string, name: string): number {
    return withVolume(conn, pool, name, (lib, volume) => {
      const info = { allocation: 0 };
      ok(lib, 'virStorageVolGetInfo', lib.virStorageVolGetInfo(volume, info));
      return Number(info.allocation);
    });
  },
  /** Fills a volume with the bytes of local files. */
  uploadVolume(
    context: OperationContext,
    conn: Pointer,
    pool: string,
    name: string,
    pieces: readonly Piece[],
  ): void {
    const size = sizeOf(pieces);
    withVolume(conn, pool, name, (_lib, volume) =>
      withStream(conn, (lib, stream) => {
        ok(lib, 'virStorageVolUpload', lib.virStorageVolUpload(volume, stream, 0, size, 0));
        try {
          for (const block of blocksOf(pieces)) {
            if (context.aborted()) throw new Error('aborted');
            for (let sent = 0; sent < block.bytes.length; ) {
              const rest = block.bytes.subarray(sent);
              sent += ok(lib, 'virStreamSend', lib.virStreamSend(stream, rest, rest.length));
            }
            context.progress(block.end, size);
          }
        } catch (error) {
          lib.virStreamAbort(stream);
          throw error;
        }
        ok(lib, 'virStreamFinish', lib.virStreamFinish(stream));
      }),
    );
  },
  /** Writes a volume's bytes to a new local file; returns their number. */
  downloadVolume(
    context: OperationContext,
    conn: Pointer,
    pool: string,
    name: string,
    file: string,
  ): number {
    return withVolume(conn, pool, name, (_lib, volume) =>
      withStream(conn, (lib, stream) => {
        ok(lib, 'virStorageVolDownload', lib.virStorageVolDownload(volume, stream, 0, 0, 0));
        const fd = openSync(file, 'wx', 0o600);
        let done = 0;
        try {
          drain(lib, stream, context, (piece) => {
            for (let written = 0; written < piece.length; ) {
              written += writeSync(fd, piece, written, piece.length - written);
            }
            done += piece.length;
            context.progress(done, null);
          });
          fsyncSync(fd);
        } finally {
          closeSync(fd);
        }
        return done;
      }),
    );
  },
};

export type Operations = typeof operations;
export type OperationName = keyof Operations;

/** An operation's arguments without the context. */
export type OperationArguments<N extends OperationName> =
  Parameters<Operations[N]> extends [OperationContext, ...infer Rest] ? Rest : never;
