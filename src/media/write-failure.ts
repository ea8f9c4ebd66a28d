/** Words the failures of writing a file: no room, no permission, no directory. */
import path from 'node:path';
import { codeOf, OzError } from '../base/errors.ts';

const otherDirectory = 'set another directory in oz.cfg ([paths])';

const words: Record<string, { code: string; why: string; hint: string }> = {
  ENOSPC: {
    code: 'OZ_NO_SPACE',
    why: 'the file system is full',
    hint: `make room there, or ${otherDirectory}`,
  },
  EDQUOT: {
    code: 'OZ_NO_SPACE',
    why: 'the disk quota is used up',
    hint: `make room there, or ${otherDirectory}`,
  },
  ENAMETOOLONG: {
    code: 'OZ_NAME_TOO_LONG',
    why: 'the name is too long for the file system',
    hint: 'choose a shorter name in the TDL, or with -s',
  },
  EFBIG: {
    code: 'OZ_NO_SPACE',
    why: 'the file system takes no file that large',
    hint: otherDirectory,
  },
};

const notWritable: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a file is where a directory is needed',
  EEXIST: 'a file is where a directory is needed',
  ELOOP: 'a link is in its place',
  EISDIR: 'a directory is in its place',
};

/**
 * The OzError (OZ_NO_SPACE, OZ_NOT_WRITABLE) for a system error met while
 * doing `what` ("download X") to `file`; anything else as it is.
 */
export function wordWriteFailure(error: unknown, file: string, what: string): unknown {
  if (error instanceof OzError) return error;
  const code = codeOf(error) ?? '';
  const dir = path.dirname(path.resolve(file));
  const known = words[code];
  if (known) {
    const { hint } = known;
    return new OzError(known.code, `Cannot ${what}: ${known.why} (${dir})`, { hint, cause: error });
  }
  const why = notWritable[code];
  if (!why) return error;
  const hint = `check ${dir}, or ${otherDirectory}`;
  return new OzError('OZ_NOT_WRITABLE', `Cannot ${what}: ${why} (${dir})`, { hint, cause: error });
}
