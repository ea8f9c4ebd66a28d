/** oz os detect: what an ISO or an install tree holds. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Database } from '../../../osinfo/database/database.ts';
import {
  describeMatch,
  detectedOs,
  detectMedia,
  detectTree,
} from '../../../osinfo/detect/detect.ts';
import type { Match } from '../../../osinfo/detect/match.ts';
import { readerFor } from '../../../osinfo/detect/readers.ts';
import { codeOf, OzError } from '../../base/errors.ts';
import { shownUrl } from '../../base/secrets.ts';
import { whyOf } from '../../base/system-errors.ts';
import type { Io } from '../io.ts';
import { ozOsDetect } from '../options-os.ts';
import { printable } from '../render/format.ts';
import { runCommand } from '../run-command.ts';
import { usageError } from '../usage-error.ts';
import { osDatabase, writeJson } from './database.ts';

interface Detected {
  type: 'media' | 'tree';
  /** What the medium or tree says about itself. */
  says: object;
  matches: Match[];
}

const isUrl = (place: string): boolean => /^https?:\/\//i.test(place);

/** An absolute path or an http(s) URL. */
function located(place: string, io: Io): string {
  if (isUrl(place)) {
    if (URL.canParse(place)) return place;
    throw usageError(`'${shownUrl(place)}' is not a URL`);
  }
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(place)?.[1]?.toLowerCase();
  if (scheme === undefined) return path.resolve(io.cwd, place);
  if (scheme === 'file' && URL.canParse(place)) return fileURLToPath(place);
  throw usageError(`cannot read ${scheme} URLs`, 'give a path, or an http or https URL');
}

async function isDirectory(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isDirectory();
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'there is no such file' : whyOf(error);
    throw new OzError('OZ_OSINFO_NO_MEDIUM', `Cannot read ${file}: ${why}`, {
      hint: 'give the ISO, or the directory of an install tree',
      cause: error,
    });
  }
}

/** The type that the place has by its looks; undefined where only reading it tells. */
async function typeOf(place: string): Promise<Detected['type'] | undefined> {
  if (!isUrl(place)) return (await isDirectory(place)) ? 'tree' : 'media';
  const { pathname } = new URL(place);
  if (/\.iso$/i.test(pathname)) return 'media';
  return pathname.endsWith('/') ? 'tree' : undefined;
}

async function detect(
  database: Database,
  place: string,
  type: Detected['type'] | undefined,
): Promise<Detected> {
  const media = async (): Promise<Detected> => {
    const { iso, matches } = await detectMedia(database, readerFor(place));
    return { type: 'media', says: iso, matches };
  };
  const tree = async (): Promise<Detected> => {
    const { tree: says, matches } = await detectTree(database, place);
    return { type: 'tree', says, matches };
  };
  const found = type ?? (await typeOf(place));
  if (found) return found === 'media' ? media() : tree();
  try {
    return await tree();
  } catch (error) {
    if (codeOf(error) === 'OZ_OSINFO_NO_TREE') return media();
    throw error;
  }
}

function unknown(place: string, { type, says }: Detected): OzError {
  const told = Object.entries(says).map(([name, value]) => `${name} ${value}`);
  return new OzError(
    'OZ_OSINFO_UNKNOWN_MEDIUM',
    `Cannot tell what ${shownUrl(place)} is: the database has no ${type === 'tree' ? 'tree' : 'medium'} with ${told.join(', ')}`,
    { hint: 'a newer osinfo-db may know it' },
  );
}

export async function main(argv: readonly string[], io: Io): Promise<number> {
  return runCommand(ozOsDetect, argv, io, async ({ options, operands: [given = ''] }) => {
    const place = located(given, io);
    const database = osDatabase(io);
    const found = await detect(database, place, options.type);
    const matches = options.all ? found.matches : found.matches.slice(0, 1);
    if (options.json) {
      writeJson(io, {
        place: shownUrl(place),
        type: found.type,
        says: found.says,
        matches: matches.map((match) => detectedOs(database, match)),
      });
    }
    if (!matches.length) throw unknown(given, found);
    if (options.json) return 0;
    const lines = matches.flatMap((match) => [
      ...describeMatch(database, match, found.type),
      `  ${detectedOs(database, match).shortId}  ${match.os.id}`,
    ]);
    io.stdout.write(`${printable(lines.join('\n'))}\n`);
    return 0;
  });
}
