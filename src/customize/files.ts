/** Puts the TDL's files into the guest. */
import path from 'node:path';
import type { TdlContent } from '../tdl/types.ts';
import { bytesOf, perform, type Workspace } from './workspace.ts';

/**
 * Makes the directories that are missing and writes the file: owned by root,
 * 0600 when it is new, with the permissions it had otherwise – as Oz leaves it.
 * The name is taken literally. Throws OZ_SSH_UPLOAD, OZ_CUSTOMISE_FAILED.
 */
export async function placeFile(
  space: Workspace,
  file: { name: string; content: TdlContent },
): Promise<void> {
  const { name } = file;
  const title = `file ${name}`;
  const content = await bytesOf(space, file.content);
  await perform(space, {
    title,
    script: { text: 'mkdir -p -- "$1"', args: [path.posix.dirname(name)] },
  });
  await space.session.upload(name, content, { signal: space.signal });
  space.emitOutput(title, `${content.length} bytes`);
}
