/**
 * Every C prototype of libvirt that this backend calls, and nothing else: a
 * wrong prototype crashes the process, so all of them are here and all are
 * run against the real library in test/backends/libvirt/ffi.test.ts.
 *
 * Calls are synchronous and belong into worker threads: libvirt keeps its last
 * error per thread, so only a thread that makes one call at a time reads the
 * right one.
 */
import koffi, { type LibraryHandle } from 'koffi';

/** A C pointer; valid in all threads of the process. */
export type Pointer = bigint;

/** Names and lengths for decoding arrays that the library allocated. */
type Decode = (pointer: Pointer, type: string, length?: number) => unknown;

export interface BlockStats {
  rd_req: number | bigint;
  wr_req: number | bigint;
  wr_bytes: number | bigint;
}

export interface VolumeInfo {
  allocation: number | bigint;
}

export interface InterfaceStats {
  rx_bytes: number | bigint;
  tx_bytes: number | bigint;
}

export type LifecycleCallback = (
  conn: Pointer,
  domain: Pointer,
  event: number,
  detail: number,
  opaque: Pointer | null,
) => void;

export type IoErrorCallback = (
  conn: Pointer,
  domain: Pointer,
  source: string | null,
  alias: string | null,
  action: number,
  reason: string | null,
  opaque: Pointer | null,
) => void;

/** The prototypes in C, by function name. `Owned` strings are freed once copied. */
const prototypes = {
  virInitialize: 'int virInitialize()',
  virGetVersion:
    'int virGetVersion(_Out_ ulong *version, const char *type, _Out_ ulong *typeVersion)',
  virSetErrorFunc: 'void virSetErrorFunc(void *data, void *handler)',
  virResetLastError: 'void virResetLastError()',
  virGetLastErrorCode: 'int virGetLastErrorCode()',
  virGetLastErrorDomain: 'int virGetLastErrorDomain()',
  virGetLastErrorMessage: 'const char *virGetLastErrorMessage()',

  virConnectOpen: 'void *virConnectOpen(const char *uri)',
  virConnectClose: 'int virConnectClose(void *conn)',
  virConnectIsAlive: 'int virConnectIsAlive(void *conn)',
  virConnectSetKeepAlive: 'int virConnectSetKeepAlive(void *conn, int interval, uint count)',
  virConnectGetVersion: 'int virConnectGetVersion(void *conn, _Out_ ulong *version)',
  virConnectGetCapabilities: 'Owned virConnectGetCapabilities(void *conn)',
  virConnectGetDomainCapabilities:
    'Owned virConnectGetDomainCapabilities(void *conn, const char *emulator, const char *arch, const char *machine, const char *virttype, uint flags)',

  virDomainCreateXML: 'void *virDomainCreateXML(void *conn, const char *xml, uint flags)',
  virDomainLookupByName: 'void *virDomainLookupByName(void *conn, const char *name)',
  virDomainLookupByUUIDString: 'void *virDomainLookupByUUIDString(void *conn, const char *uuid)',
  virDomainFree: 'int virDomainFree(void *domain)',
  virDomainGetName: 'const char *virDomainGetName(void *domain)',
  virDomainGetUUIDString: 'int virDomainGetUUIDString(void *domain, _Out_ uint8_t *buffer)',
  virDomainIsActive: 'int virDomainIsActive(void *domain)',
  virDomainIsPersistent: 'int virDomainIsPersistent(void *domain)',
  virDomainGetState:
    'int virDomainGetState(void *domain, _Out_ int *state, _Out_ int *reason, uint flags)',
  virDomainGetXMLDesc: 'Owned virDomainGetXMLDesc(void *domain, uint flags)',
  virDomainShutdownFlags: 'int virDomainShutdownFlags(void *domain, uint flags)',
  virDomainDestroy: 'int virDomainDestroy(void *domain)',
  virDomainUndefineFlags: 'int virDomainUndefineFlags(void *domain, uint flags)',
  virDomainResume: 'int virDomainResume(void *domain)',
  virDomainBlockStats:
    'int virDomainBlockStats(void *domain, const char *disk, _Out_ OzBlockStats *stats, size_t size)',
  virDomainInterfaceStats:
    'int virDomainInterfaceStats(void *domain, const char *device, _Out_ OzInterfaceStats *stats, size_t size)',
  virDomainInterfaceAddresses:
    'int virDomainInterfaceAddresses(void *domain, _Out_ void **interfaces, uint source, uint flags)',
  virDomainInterfaceFree: 'void virDomainInterfaceFree(void *interface)',
  virDomainScreenshot:
    'Owned virDomainScreenshot(void *domain, void *stream, uint screen, uint flags)',
  virDomainSendKey:
    'int virDomainSendKey(void *domain, uint codeset, uint holdtime, uint *codes, int count, uint flags)',

  virConnectListAllNetworks:
    'int virConnectListAllNetworks(void *conn, _Out_ void **list, uint flags)',
  virNetworkGetName: 'const char *virNetworkGetName(void *network)',
  virNetworkGetXMLDesc: 'Owned virNetworkGetXMLDesc(void *network, uint flags)',
  virNetworkLookupByName: 'void *virNetworkLookupByName(void *conn, const char *name)',
  virNetworkGetDHCPLeases:
    'int virNetworkGetDHCPLeases(void *network, const char *mac, _Out_ void **leases, uint flags)',
  virNetworkDHCPLeaseFree: 'void virNetworkDHCPLeaseFree(void *lease)',
  virNetworkFree: 'int virNetworkFree(void *network)',

  virConnectListAllStoragePools:
    'int virConnectListAllStoragePools(void *conn, _Out_ void **list, uint flags)',
  virStoragePoolCreateXML: 'void *virStoragePoolCreateXML(void *conn, const char *xml, uint flags)',
  virStoragePoolLookupByName: 'void *virStoragePoolLookupByName(void *conn, const char *name)',
  virStoragePoolGetName: 'const char *virStoragePoolGetName(void *pool)',
  virStoragePoolGetXMLDesc: 'Owned virStoragePoolGetXMLDesc(void *pool, uint flags)',
  virStoragePoolRefresh: 'int virStoragePoolRefresh(void *pool, uint flags)',
  virStoragePoolDestroy: 'int virStoragePoolDestroy(void *pool)',
  virStoragePoolFree: 'int virStoragePoolFree(void *pool)',
  virStorageVolCreateXML: 'void *virStorageVolCreateXML(void *pool, const char *xml, uint flags)',
  virStorageVolLookupByName: 'void *virStorageVolLookupByName(void *pool, const char *name)',
  virStorageVolGetPath: 'Owned virStorageVolGetPath(void *volume)',
  virStorageVolDelete: 'int virStorageVolDelete(void *volume, uint flags)',
  virStorageVolUpload:
    'int virStorageVolUpload(void *volume, void *stream, uint64_t offset, uint64_t length, uint flags)',
  virStorageVolDownload:
    'int virStorageVolDownload(void *volume, void *stream, uint64_t offset, uint64_t length, uint flags)',
  virStorageVolGetInfo: 'int virStorageVolGetInfo(void *volume, _Out_ OzVolumeInfo *info)',
  virStorageVolFree: 'int virStorageVolFree(void *volume)',

  virStreamNew: 'void *virStreamNew(void *conn, uint flags)',
  virStreamRecv: 'int virStreamRecv(void *stream, _Out_ uint8_t *data, size_t size)',
  virStreamSend: 'int virStreamSend(void *stream, const uint8_t *data, size_t size)',
  virStreamFinish: 'int virStreamFinish(void *stream)',
  virStreamAbort: 'int virStreamAbort(void *stream)',
  virStreamFree: 'int virStreamFree(void *stream)',

  virEventRegisterDefaultImpl: 'int virEventRegisterDefaultImpl()',
  virEventRunDefaultImpl: 'int virEventRunDefaultImpl()',
  virEventAddTimeout:
    'int virEventAddTimeout(int ms, OzTimerCallback *callback, void *opaque, void *free)',
  virEventUpdateTimeout: 'void virEventUpdateTimeout(int timer, int ms)',
  virEventRemoveTimeout: 'int virEventRemoveTimeout(int timer)',
  virConnectRegisterCloseCallback:
    'int virConnectRegisterCloseCallback(void *conn, OzCloseCallback *callback, void *opaque, void *free)',
  virConnectUnregisterCloseCallback:
    'int virConnectUnregisterCloseCallback(void *conn, OzCloseCallback *callback)',
  virConnectDomainEventRegisterAny:
    'int virConnectDomainEventRegisterAny(void *conn, void *domain, int event, void *callback, void *opaque, void *free)',
  virConnectDomainEventDeregisterAny:
    'int virConnectDomainEventDeregisterAny(void *conn, int callback)',
} as const;

type Name = keyof typeof prototypes;
type Text = string | null;
type Handle = Pointer | null;

/** The library's functions with TypeScript types; out parameters are one-element arrays. */
interface Typed {
  virGetVersion(version: (number | bigint)[], type: Text, typeVersion: (number | bigint)[]): number;
  virSetErrorFunc(data: null, handler: Pointer): void;
  virResetLastError(): void;
  virGetLastErrorMessage(): Text;
  virConnectOpen(uri: string): Handle;
  virConnectGetVersion(conn: Pointer, version: (number | bigint)[]): number;
  virConnectSetKeepAlive(conn: Pointer, interval: number, count: number): number;
  virConnectGetCapabilities(conn: Pointer): Text;
  virConnectGetDomainCapabilities(
    conn: Pointer,
    emulator: Text,
    arch: Text,
    machine: Text,
    type: Text,
    flags: number,
  ): Text;
  virDomainCreateXML(conn: Pointer, xml: string, flags: number): Handle;
  virDomainLookupByName(conn: Pointer, name: string): Handle;
  virDomainLookupByUUIDString(conn: Pointer, uuid: string): Handle;
  virDomainGetName(domain: Pointer): Text;
  virDomainGetUUIDString(domain: Pointer, buffer: Uint8Array): number;
  virDomainGetState(domain: Pointer, state: number[], reason: number[], flags: number): number;
  virDomainGetXMLDesc(domain: Pointer, flags: number): Text;
  virDomainShutdownFlags(domain: Pointer, flags: number): number;
  virDomainUndefineFlags(domain: Pointer, flags: number): number;
  virDomainBlockStats(domain: Pointer, disk: string, stats: BlockStats, size: number): number;
  virDomainInterfaceStats(
    domain: Pointer,
    device: string,
    stats: InterfaceStats,
    size: number,
  ): number;
  virDomainInterfaceAddresses(
    domain: Pointer,
    interfaces: Handle[],
    source: number,
    flags: number,
  ): number;
  virDomainInterfaceFree(pointer: Pointer): void;
  virDomainScreenshot(domain: Pointer, stream: Pointer, screen: number, flags: number): Text;
  virDomainSendKey(
    domain: Pointer,
    codeset: number,
    holdtime: number,
    codes: Uint32Array,
    count: number,
    flags: number,
  ): number;
  virConnectListAllNetworks(conn: Pointer, list: Handle[], flags: number): number;
  virNetworkGetName(network: Pointer): Text;
  virNetworkGetXMLDesc(network: Pointer, flags: number): Text;
  virNetworkLookupByName(conn: Pointer, name: string): Handle;
  virNetworkGetDHCPLeases(network: Pointer, mac: string, leases: Handle[], flags: number): number;
  virConnectListAllStoragePools(conn: Pointer, list: Handle[], flags: number): number;
  virStoragePoolCreateXML(conn: Pointer, xml: string, flags: number): Handle;
  virStoragePoolLookupByName(conn: Pointer, name: string): Handle;
  virStoragePoolGetName(pool: Pointer): Text;
  virStoragePoolGetXMLDesc(pool: Pointer, flags: number): Text;
  virStoragePoolRefresh(pool: Pointer, flags: number): number;
  virStorageVolCreateXML(pool: Pointer, xml: string, flags: number): Handle;
  virStorageVolLookupByName(pool: Pointer, name: string): Handle;
  virStorageVolGetPath(volume: Pointer): Text;
  virStorageVolDelete(volume: Pointer, flags: number): number;
  virStorageVolGetInfo(volume: Pointer, info: VolumeInfo): number;
  virStorageVolUpload: VolumeTransfer;
  virStorageVolDownload: VolumeTransfer;
  virStreamNew(conn: Pointer, flags: number): Handle;
  virStreamRecv(stream: Pointer, data: Uint8Array, size: number): number;
  virStreamSend(stream: Pointer, data: Uint8Array, size: number): number;
  virEventRunDefaultImpl(): number;
  virEventAddTimeout(ms: number, callback: Pointer, opaque: null, free: null): number;
  virEventUpdateTimeout(timer: number, ms: number): void;
  virEventRemoveTimeout(timer: number): number;
  virConnectRegisterCloseCallback(
    conn: Pointer,
    callback: Pointer,
    opaque: null,
    free: null,
  ): number;
  virConnectUnregisterCloseCallback(conn: Pointer, callback: Pointer): number;
  virConnectDomainEventRegisterAny(
    conn: Pointer,
    domain: null,
    event: number,
    callback: Pointer,
    opaque: null,
    free: null,
  ): number;
  virConnectDomainEventDeregisterAny(conn: Pointer, callback: number): number;
}

type VolumeTransfer = (
  volume: Pointer,
  stream: Pointer,
  offset: number,
  length: number,
  flags: number,
) => number;

/** Those not named above take nothing, or one pointer, and return a status. */
export type Libvirt = Typed & {
  [N in Exclude<Name, keyof Typed>]: (pointer?: Pointer) => number;
} & {
  /** From libvirt-qemu.so.0: a line for QEMU's human monitor. */
  virDomainQemuMonitorCommand(
    domain: Pointer,
    command: string,
    result: Text[],
    flags: number,
  ): number;
  decode: Decode;
  /** C's free(), for arrays that the library allocated. */
  free(pointer: Pointer): void;
  /** C's setenv(), as libvirt sees it: a worker's process.env is a copy. */
  setenv(name: string, value: string, overwrite: number): number;
  onLifecycle(callback: LifecycleCallback): Pointer;
  onIoError(callback: IoErrorCallback): Pointer;
  onTimer(callback: () => void): Pointer;
  onClose(callback: () => void): Pointer;
  /** A C function that does nothing with its arguments. */
  nothing: Pointer;
};

/** The constants of libvirt's headers that are used here. */
export const vir = {
  /** virDomainState */
  state: {
    noState: 0,
    running: 1,
    blocked: 2,
    paused: 3,
    shutdown: 4,
    shutoff: 5,
    crashed: 6,
    pmSuspended: 7,
  },
  /** virDomainPausedReason */
  pausedReason: { unknown: 0, user: 1, ioError: 5, watchdog: 6, startingUp: 11 },
  /** virDomainEventType */
  event: {
    defined: 0,
    undefined: 1,
    started: 2,
    suspended: 3,
    resumed: 4,
    stopped: 5,
    shutdown: 6,
    pmSuspended: 7,
    crashed: 8,
  },
  /** virDomainShutoffReason */
  shutoffReason: { unknown: 0, shutdown: 1, destroyed: 2, crashed: 3, failed: 6 },
  /** virDomainEventShutdownDetailType */
  shutdownBy: { finished: 0, guest: 1, host: 2 },
  /** virDomainEventStoppedDetailType */
  stopped: {
    shutdown: 0,
    destroyed: 1,
    crashed: 2,
    migrated: 3,
    saved: 4,
    failed: 5,
    fromSnapshot: 6,
  },
  /** virDomainEventSuspendedDetailType */
  suspended: { paused: 0, migrated: 1, ioError: 2, watchdog: 3 },
  /** virDomainEventID */
  eventId: { lifecycle: 0, ioErrorReason: 6 },
  /** virErrorNumber */
  error: {
    internal: 1,
    noMemory: 2,
    noSupport: 3,
    unknownHost: 4,
    noConnect: 5,
    invalidConn: 6,
    invalidArg: 8,
    operationFailed: 9,
    xmlError: 27,
    domExist: 28,
    operationDenied: 29,
    openFailed: 30,
    system: 38,
    rpc: 39,
    noDomain: 42,
    noNetwork: 43,
    authFailed: 45,
    noStoragePool: 49,
    noStorageVol: 50,
    operationInvalid: 55,
    configUnsupported: 67,
    operationTimeout: 68,
    authCancelled: 79,
    operationUnsupported: 84,
    ssh: 85,
    accessDenied: 88,
    storageVolExist: 90,
    xmlInvalidSchema: 92,
    authUnavailable: 94,
    libssh: 98,
  },
  xml: { secure: 1, inactive: 2 },
  startValidate: 16,
  shutdown: { acpi: 1 },
  /** VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | SNAPSHOTS_METADATA | NVRAM */
  undefineAll: 1 | 2 | 4,
  networksActive: 2,
  poolsActive: 2,
  addressesFrom: { lease: 0, agent: 1, arp: 2 },
  keycodesLinux: 0,
  monitorHmp: 1,
} as const;

const libraryNames =
  process.platform === 'darwin'
    ? {
        main: ['libvirt.0.dylib', '/opt/homebrew/lib/libvirt.0.dylib'],
        qemu: ['libvirt-qemu.0.dylib', '/opt/homebrew/lib/libvirt-qemu.0.dylib'],
      }
    : { main: ['libvirt.so.0'], qemu: ['libvirt-qemu.so.0'] };

function loadAny(names: readonly string[]): LibraryHandle {
  let failure: unknown;
  for (const name of names) {
    try {
      return koffi.load(name);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Types have names in koffi, so each thread declares them once. */
function declareTypes() {
  koffi.disposable('Owned', 'char *');
  koffi.struct('OzBlockStats', {
    rd_req: 'int64',
    rd_bytes: 'int64',
    wr_req: 'int64',
    wr_bytes: 'int64',
    errs: 'int64',
  });
  koffi.struct('OzInterfaceStats', {
    rx_bytes: 'int64',
    rx_packets: 'int64',
    rx_errs: 'int64',
    rx_drop: 'int64',
    tx_bytes: 'int64',
    tx_packets: 'int64',
    tx_errs: 'int64',
    tx_drop: 'int64',
  });
  koffi.struct('OzVolumeInfo', { type: 'int', capacity: 'uint64', allocation: 'uint64' });
  koffi.struct('OzIpAddress', { type: 'int', addr: 'char *', prefix: 'uint' });
  koffi.struct('OzLease', {
    iface: 'char *',
    expirytime: 'int64',
    type: 'int',
    mac: 'char *',
    iaid: 'char *',
    ipaddr: 'char *',
    prefix: 'uint',
    hostname: 'char *',
    clientid: 'char *',
  });
  koffi.struct('OzInterface', {
    name: 'char *',
    hwaddr: 'char *',
    naddrs: 'uint',
    addrs: 'void *',
  });
  return {
    timer: koffi.proto('void OzTimerCallback(int timer, void *opaque)'),
    close: koffi.proto('void OzCloseCallback(void *conn, int reason, void *opaque)'),
    lifecycle: koffi.proto(
      'void OzLifecycleCallback(void *conn, void *domain, int event, int detail, void *opaque)',
    ),
    ioError: koffi.proto(
      'void OzIoErrorCallback(void *conn, void *domain, const char *source, const char *alias, int action, const char *reason, void *opaque)',
    ),
  };
}

let loaded: Libvirt | undefined;

/**
 * Loads the library, in this thread. Throws what koffi throws when the
 * library is not installed, or too old to have one of the functions.
 */
export function loadLibvirt(): Libvirt {
  if (loaded) return loaded;
  const main = loadAny(libraryNames.main);
  const types = declareTypes();
  const functions: Record<string, unknown> = {};
  for (const [name, prototype] of Object.entries(prototypes))
    functions[name] = main.func(prototype);
  const c = koffi.load(null);
  functions.free = c.func('void free(void *pointer)');
  functions.setenv = c.func('int setenv(const char *name, const char *value, int overwrite)');
  functions.nothing = c.symbol('getpid');
  // Optional at run time: only guests with user-mode networking need the QEMU monitor.
  functions.virDomainQemuMonitorCommand = (...args: unknown[]) => {
    const command = loadAny(libraryNames.qemu).func(
      'int virDomainQemuMonitorCommand(void *domain, const char *cmd, _Out_ Owned *result, uint flags)',
    );
    functions.virDomainQemuMonitorCommand = command;
    if (loaded) loaded.virDomainQemuMonitorCommand = command;
    return command(...args);
  };
  functions.decode = (pointer: Pointer, type: string, length?: number) =>
    length === undefined ? koffi.decode(pointer, type) : koffi.decode(pointer, type, length);
  functions.onTimer = (callback: () => void) =>
    koffi.register(callback, koffi.pointer(types.timer));
  functions.onClose = (callback: () => void) =>
    koffi.register(callback, koffi.pointer(types.close));
  functions.onLifecycle = (callback: LifecycleCallback) =>
    koffi.register(callback, koffi.pointer(types.lifecycle));
  functions.onIoError = (callback: IoErrorCallback) =>
    koffi.register(callback, koffi.pointer(types.ioError));
  loaded = functions as unknown as Libvirt;
  return loaded;
}
