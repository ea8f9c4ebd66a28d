/** Puts the TDL's files into the guest. */
import path from 'node:path';
import type { TdlContent } from '../tdl/types.ts';
import { bytesOf, type FetchContent, type Operations } from './operations.ts';

/**
 * Makes the directories that are missing and writes the file: owned by root,
 * 0600 when it is new, with the permissions it had otherwise – as Oz leaves it.
 * The name is taken literally.
 */
export async function placeFile(
  { name, content }: { name: string; content: TdlContent },
  fetchContent: FetchContent,
): Promise<Operations> {
  const title = `file ${name}`;
  const args = [path.posix.dirname(name)];
  return {
    main: [
      { kind: 'script', title, script: { text: 'mkdir -p -- "$1"', args } },
      { kind: 'write', title, path: name, content: await bytesOf(content, fetchContent) },
    ],
  };
}
