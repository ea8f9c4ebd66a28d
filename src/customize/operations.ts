/**
 * What customising does in a guest, as data: steps made of operations. Whether
 * they are done over SSH or travel to the guest as a script is not known here.
 */
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { TdlContent } from '../tdl/types.ts';
import type { Script } from './script.ts';

/** One thing that is done, as root; `title` names it in the log, and in the message when it fails. */
export type Operation = { title: string } & (
  | {
      kind: 'script';
      script: Script;
      environment?: Readonly<Record<string, string>> | undefined;
    }
  /** A command line, run by root's login shell. */
  | { kind: 'command'; command: string }
  /** A file whose directory is there; with no mode, a new one gets 0600 and an old one keeps its own. */
  | {
      kind: 'write';
      path: string;
      content: Buffer;
      mode?: number | undefined;
      /** It is there for a moment only: no line in the log. */
      passing?: boolean | undefined;
    }
);

export interface Operations {
  /** In this order; the first that fails is the last. */
  main: Operation[];
  /** Done afterwards in any case, as well as it goes. */
  after?: Operation[] | undefined;
}

export interface Step {
  title: string;
  /** Fetches what the step needs on the machine that runs the build. */
  prepare(): Promise<Operations>;
}

/** Reads content that the TDL names by a URL; on the machine that runs the build. */
export type FetchContent = (url: string) => Promise<Readable | Buffer>;

/** The bytes of a file's or a command's content. */
export async function bytesOf(content: TdlContent, fetchContent: FetchContent): Promise<Buffer> {
  if ('bytes' in content) return Buffer.from(content.bytes);
  const fetched = await fetchContent(content.url);
  return Buffer.isBuffer(fetched) ? fetched : buffer(fetched);
}
