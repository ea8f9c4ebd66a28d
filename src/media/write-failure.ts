/** Words the failures of writing a file: no room, no permission, no directory. */
import path from 'node:path';
import { codeOf, OzError } from '../base/errors.ts';
import { systemHint, whyOf } from '../base/system-errors.ts';

const otherDirectory = 'set another directory in oz.cfg ([paths])';

/** Codes of errors that are no question of rights. */
const codes: Readonly<Record<string, string>> = {
  ENOSPC: 'OZ_NO_SPACE',
  EDQUOT: 'OZ_NO_SPACE',
  EFBIG: 'OZ_NO_SPACE',
  ENAMETOOLONG: 'OZ_NAME_TOO_LONG',
  EMFILE: 'OZ_SYSTEM',
  ENFILE: 'OZ_SYSTEM',
  EIO: 'OZ_SYSTEM',
  ENOMEM: 'OZ_SYSTEM',
};

const notWritable = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ELOOP', 'EISDIR', 'ENXIO'];

const longName = 'choose a shorter name in the TDL, or with -s';

/**
 * The OzError (OZ_NO_SPACE, OZ_NOT_WRITABLE) for a system error met while
 * doing `what` ("download X") to `file`; anything else as it is.
 */
export function wordWriteFailure(error: unknown, file: string, what: string): unknown {
  if (error instanceof OzError) return error;
  const code = codeOf(error) ?? '';
  const dir = path.dirname(path.resolve(file));
  const known = codes[code] ?? (notWritable.includes(code) ? 'OZ_NOT_WRITABLE' : undefined);
  if (known === undefined) return error;
  const hint =
    code === 'ENAMETOOLONG' ? longName : systemHint(error, `check ${dir}, or ${otherDirectory}`);
  return new OzError(known, `Cannot ${what}: ${whyOf(error)} (${dir})`, { hint, cause: error });
}
