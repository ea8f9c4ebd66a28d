/** Where disks and media are: files that QEMU can reach, or volumes of a remote host. */
import type {
  BackendContext,
  CallOptions,
  DiskSpec,
  LocalMedium,
  StagedDisk,
  StagedMedium,
  TransferOptions,
} from '../backend.ts';

export interface Storage {
  stage(medium: LocalMedium, options?: TransferOptions): Promise<StagedMedium>;
  createDisk(spec: DiskSpec, options?: TransferOptions): Promise<StagedDisk>;
  /** What the guest wrote is on stable storage when this returns. */
  sync(disk: StagedDisk): Promise<void>;
  /** Bytes of storage that a disk takes now. */
  allocated(disk: StagedDisk, options?: CallOptions): Promise<number>;
  exportDisk(
    disk: StagedDisk,
    target: string,
    format: string,
    options?: TransferOptions,
  ): Promise<void>;
  /** Removes what it made besides disks that are results. */
  close(): Promise<void>;
}

export type StorageContext = Pick<BackendContext, 'ledger' | 'log'>;
