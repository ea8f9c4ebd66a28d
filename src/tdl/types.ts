/** A parsed TDL: what the template says, checked, with nothing decided yet. */
import type { Arch } from '../../backends/backend.ts';

export type ChecksumType = 'md5' | 'sha1' | 'sha256';

export interface TdlInstall {
  type: 'url' | 'iso';
  url: string;
  /** URL of a checksum file. */
  checksum?: { type: ChecksumType; url: string } | undefined;
  /** Files and directories to add to the installer ISO. */
  extras: { kind: 'file' | 'directory'; source: string; destination: string }[];
}

export interface TdlPackage {
  name: string;
  repository?: string | undefined;
  file?: string | undefined;
  arguments?: string | undefined;
}

export interface TdlRepository {
  name: string;
  url: string;
  signed: boolean;
  persisted: boolean;
  sslverify: boolean;
}

/** Content of a file or command: bytes that are known, or a URL to fetch at build time. */
export type TdlContent = { bytes: Buffer } | { url: string };

export interface TdlFile {
  name: string;
  content: TdlContent;
}

export interface TdlCommand {
  name: string;
  content: TdlContent;
}

export interface Tdl {
  /** The file it came from, for messages. */
  source: string;
  name: string;
  description?: string | undefined;
  distro: string;
  version: string;
  arch: Arch;
  install: TdlInstall;
  /** Secret. */
  rootpw?: string | undefined;
  /** Product key. Secret. */
  key?: string | undefined;
  kernelparam?: string | undefined;
  icicleExtraCommand?: string | undefined;
  packages: TdlPackage[];
  repositories: TdlRepository[];
  files: TdlFile[];
  /** In the order they are to run. */
  precommands: TdlCommand[];
  commands: TdlCommand[];
  /** Bytes; absent when the TDL has no disk size. */
  diskSize?: number | undefined;
}
