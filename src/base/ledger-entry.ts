/** What a ledger holds: one entry for each resource made outside the process. */

export interface LedgerEntry {
  /** Where it is: this machine's files, or a backend. */
  place: 'file' | 'libvirt' | 'openstack' | 'memory';
  /** `path`, `lock`, `domain`, `volume`, `pool`, `server`, `image`, … */
  kind: string;
  /** Absolute path, domain name, or id. */
  ref: string;
  /** The libvirt URI or the cloud's name, where that is needed to find it again. */
  at?: string | undefined;
}

/** Entries are on disk before the call returns. */
export interface LedgerWriter {
  /** Call before the resource is made. */
  add(entry: LedgerEntry): void;
  /** Call once it is gone, or is a result that is to stay. */
  drop(entry: LedgerEntry): void;
  /** Whether it is still to be removed: added, and not dropped since. */
  has(entry: LedgerEntry): boolean;
}

/** A ledger that remembers nothing, for tests and read-only commands: nothing is to stay. */
export const noLedger: LedgerWriter = { add: () => {}, drop: () => {}, has: () => true };
