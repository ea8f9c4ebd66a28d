/** Texts that are to be written back: what can't be read without loss is refused. */
import { messageOf, OzError } from '../base/errors.ts';
import { inWords, limits } from '../base/limits.ts';
import { readBounded } from '../base/read-bounded.ts';

/** What an XML declaration says, where it is something else. */
const otherEncoding = /^\uFEFF?<\?xml[^>]*\bencoding\s*=\s*["'](?!utf-?8["'])([\w.:-]+)/i;

const beyondAscii = /[^\0-\x7f]/;

/**
 * A text in UTF-8, with its byte order mark where it has one. Throws OZ_MIGRATE_FILE for other
 * encodings and for what can't be read.
 */
export async function readExact(file: string): Promise<string> {
  const fail = (why: string, hint?: string, cause?: unknown) =>
    new OzError('OZ_MIGRATE_FILE', `Cannot change ${file}: ${why}`, { hint, cause });
  let bytes: Buffer | undefined;
  try {
    bytes = await readBounded(file, limits.document);
  } catch (error) {
    throw fail(messageOf(error), undefined, error);
  }
  if (!bytes) throw fail(`it is larger than ${inWords(limits.document)}`);
  const hint = 'convert it first, for example with iconv -f ISO-8859-1 -t UTF-8';
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw fail('it is not UTF-8', hint, error);
  }
  const said = otherEncoding.exec(text)?.[1];
  if (said !== undefined && beyondAscii.test(text)) throw fail(`it says that it is ${said}`, hint);
  return text;
}
