/**
 * Reads what a guest without a way in prints on its console: the progress and
 * the output of its steps, and the package list in numbered pieces. Anything
 * else may be printed in between, and lines may be missing or mangled.
 *
 *     @MARK at 3 SUM             operation 3 begins
 *     @MARK out 3.17 TEXT        line 17 of its output
 *     @MARK data list 5 PIECE    piece 5 of the list's gzip data, in base64
 *     @MARK end list 12 SUM BYTES SUM
 *     @MARK failed 3 100 SUM     operation 3 ended with exit code 100
 *     @MARK done SUM
 *
 * SUM is cksum's over the words between the mark and it.
 */
import { gunzipSync } from 'node:zlib';
import { cksum } from '../base/cksum.ts';
import { codeOf, messageOf, OzError } from '../base/errors.ts';
import { inWords, limits } from '../base/limits.ts';
import { withoutTrailing } from '../base/text-ends.ts';

export type ConsoleMessage =
  | { kind: 'at'; operation: number }
  | { kind: 'output'; operation: number; line: string }
  | { kind: 'failed'; operation: number; code: number }
  | { kind: 'done' };

/** Characters of base64 in each piece but the last. */
export const pieceLength = 160;

export interface ConsoleReader {
  /** Takes what was printed since the last call; what of it is told for the first time. */
  take(text: string): ConsoleMessage[];
  /** A list that was printed. Throws OZ_ICICLE_CONSOLE when it is not there in full. */
  list(name: string): string;
}

/** Pieces of a list; more would be longer than a list may be, packed as it is. */
const mostPieces = Math.ceil(((limits.packageList / 3) * 4) / pieceLength);

/** Lists that a guest prints: the packages, and what the TDL's command says of them. */
const mostLists = 8;

/** Characters of a line; what is longer is none of ours. */
const longestLine = 64 * 1024;

/** Characters of a line that is about a step or a list: a word, some numbers and the sum. */
const longestControl = 160;

interface PrintedList {
  pieces: Map<number, string>;
  end?: { pieces: number; sum: number; bytes: number };
}

function incomplete(name: string, why: string): OzError {
  return new OzError(
    'OZ_ICICLE_CONSOLE',
    `Cannot read the ${name === 'list' ? 'package list' : 'output of the icicle extra_command'} from the guest's console: ${why}`,
    { hint: 'see the console log; [openstack] customize = ssh reads it over SSH instead' },
  );
}

function textOf(name: string, list: PrintedList | undefined): string {
  if (!list?.end) throw incomplete(name, 'its end was not printed');
  const { pieces, sum, bytes } = list.end;
  if (!(pieces <= mostPieces)) {
    throw incomplete(
      name,
      `it is said to have ${pieces} pieces, and at most ${mostPieces} are read`,
    );
  }
  const numbers = Array.from({ length: pieces }, (_, index) => index + 1);
  const missing = numbers.filter((number) => !list.pieces.has(number));
  if (missing.length > 0) {
    const named = `${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}`;
    throw incomplete(name, `${missing.length} of ${pieces} pieces are missing (${named})`);
  }
  const data = Buffer.from(numbers.map((number) => list.pieces.get(number)).join(''), 'base64');
  if (data.length !== bytes || cksum(data) !== sum) {
    throw incomplete(name, 'its checksum is wrong');
  }
  return unpacked(name, data);
}

function unpacked(name: string, data: Buffer): string {
  try {
    return gunzipSync(data, { maxOutputLength: limits.packageList }).toString('utf8');
  } catch (error) {
    const tooLarge = codeOf(error) === 'ERR_BUFFER_TOO_LARGE';
    const size = inWords(limits.packageList);
    throw incomplete(
      name,
      tooLarge
        ? `unpacked it is larger than ${size}`
        : `its gzip data is damaged (${messageOf(error)})`,
    );
  }
}

/** The words before a correct checksum at the end of the line. */
function checked(text: string): string[] | undefined {
  const at = text.lastIndexOf(' ');
  const words = text.slice(0, at);
  return at > 0 && cksum(Buffer.from(words)) === Number(text.slice(at + 1))
    ? words.split(' ')
    : undefined;
}

/** `mark` tells the lines of this build's guest from all others. */
export function consoleReader(mark: string): ConsoleReader {
  const lists = new Map<string, PrintedList>();
  const told = new Set<string>();
  let rest = '';

  const listNamed = (name: string): PrintedList => {
    const list = lists.get(name) ?? { pieces: new Map() };
    lists.set(name, list);
    return list;
  };

  const once = (id: string, message: ConsoleMessage): ConsoleMessage[] => {
    if (told.has(id) || told.size >= limits.consoleMessages) return [];
    told.add(id);
    return [message];
  };

  function output(words: string): ConsoleMessage[] {
    const found = /^((\d{1,9})\.\d{1,9})(?: ([\s\S]*))?$/.exec(words);
    if (!found) return [];
    const [, id = '', operation, line = ''] = found;
    return once(`out ${id}`, { kind: 'output', operation: Number(operation), line });
  }

  function piece(words: string): void {
    const [name = '', number, text = ''] = words.split(' ');
    if (!/^[a-z]+$/.test(name) || !/^\d+$/.test(number ?? '')) return;
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length > pieceLength) return;
    const index = Number(number);
    if (index > mostPieces || (lists.size >= mostLists && !lists.has(name))) return;
    const { pieces } = listNamed(name);
    // Pieces are printed twice: a longer one is the one that was not cut off.
    if ((pieces.get(index)?.length ?? 0) < text.length) pieces.set(index, text);
  }

  function control(text: string): ConsoleMessage[] {
    if (text.length > longestControl) return [];
    const [kind, ...words] = checked(text) ?? [];
    const numbers = words.map(Number);
    switch (kind) {
      case 'at':
        return once(text, { kind: 'at', operation: numbers[0] ?? 0 });
      case 'failed':
        return once(text, { kind: 'failed', operation: numbers[0] ?? 0, code: numbers[1] ?? 1 });
      case 'done':
        return once(text, { kind: 'done' });
      case 'end': {
        const [, pieces = 0, sum = 0, bytes = 0] = numbers;
        if (lists.size >= mostLists && !lists.has(words[0] ?? '')) return [];
        listNamed(words[0] ?? '').end = { pieces, sum, bytes };
        return [];
      }
      default:
        return [];
    }
  }

  function readLine(line: string): ConsoleMessage[] {
    // Something may have printed the beginning of a line before ours.
    const at = line.lastIndexOf(`@${mark} `);
    if (at < 0) return [];
    const text = line.slice(at + mark.length + 2);
    if (text.startsWith('out ')) return output(text.slice(4));
    if (!text.startsWith('data ')) return control(text);
    piece(text.slice(5));
    return [];
  }

  return {
    take(text) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > longestLine) rest = '';
      return lines.flatMap((line) => readLine(withoutTrailing(line, '\r')));
    },
    list: (name) => textOf(name, lists.get(name)),
  };
}
