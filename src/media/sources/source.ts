/** What downloads ask of a place that files come from, whatever the scheme. */
import type { OzError } from '../../base/errors.ts';

/** What tells one version of a remote file from another, without its content. */
export interface Validator {
  /** Strong or weak entity tag, as the server sent it. */
  etag?: string | undefined;
  /** In the source's own form; only compared, or sent back. */
  lastModified?: string | undefined;
}

export interface RemoteFile extends Validator {
  /** Bytes; null when the server doesn't tell. */
  size: number | null;
}

/** A body that is under way. */
export interface OpenedFile extends RemoteFile {
  /** Where in the file the body begins: the asked offset, or 0 for a file that has changed. */
  offset: number;
  body: AsyncIterable<Uint8Array>;
}

export interface SourceOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds without a byte after which a connection is given up. */
  stallMs: number;
  /** A checksum will tell whether it is what was asked for, so that it may come over http. */
  checked?: boolean | undefined;
}

export interface OpenOptions extends SourceOptions {
  /** Bytes that are here already. */
  offset: number;
  /** The version those bytes belong to. */
  validator: Validator;
}

/**
 * One scheme's way to get files. Failures that may pass are thrown as
 * TransientFailure, all others as OzError.
 */
export interface Source {
  /** Size and validator, without the body. */
  look(url: URL, options: SourceOptions): Promise<RemoteFile>;
  open(url: URL, options: OpenOptions): Promise<OpenedFile>;
}

/** A failure that another attempt may not meet; `error` is what to report if it does. */
export class TransientFailure extends Error {
  readonly error: OzError;
  /** What the server asked for (Retry-After). */
  readonly retryAfterMs: number | undefined;

  constructor(error: OzError, retryAfterMs?: number) {
    super(error.message);
    this.error = error;
    this.retryAfterMs = retryAfterMs;
  }
}
