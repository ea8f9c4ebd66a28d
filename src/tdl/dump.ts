/** A Tdl for eyes and logs: JSON-able, with its secrets masked. */
import { inspect } from 'node:util';
import { masker } from '../base/secrets.ts';
import type { Tdl, TdlCommand, TdlContent, TdlFile } from './types.ts';

/** What is shown instead of a secret; never the secret's length. */
const hidden = '********';
/** Longer content is told by its size only. */
const maxShown = 4096;
/** Masking a shorter secret in other texts would only spell it out. */
const minMasked = 4;

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/**
 * The template as plain JSON data. rootpw and key are masked, also where they
 * occur in other texts (unless they have fewer than four characters), and URLs lose their credentials. Content is shown as
 * text when it is short UTF-8, else as its size in bytes.
 */
export function dumpTdl(tdl: Tdl): { [key: string]: Json } {
  const mask = masker([tdl.rootpw, tdl.key].filter((s) => s && s.length >= minMasked));
  const content = (part: TdlFile | TdlCommand) => ({
    name: part.name,
    ...describe(part.content),
  });
  const shown = {
    ...tdl,
    rootpw: tdl.rootpw === undefined ? undefined : hidden,
    key: tdl.key === undefined ? undefined : hidden,
    files: tdl.files.map(content),
    precommands: tdl.precommands.map(content),
    commands: tdl.commands.map(content),
  };
  return JSON.parse(
    JSON.stringify(shown, (_key, value: unknown) =>
      typeof value === 'string' ? mask(withoutUrlCredentials(value)) : value,
    ),
  );
}

/** A URL need not begin the text: `deb http://user:password@host/ ./`. */
function withoutUrlCredentials(text: string): string {
  return text.replace(/:\/\/[^/@\s]*@/g, '://');
}

function describe(content: TdlContent): { text: string } | { size: number } | { url: string } {
  if ('url' in content) return content;
  const text = content.bytes.toString('utf8');
  const isText = content.bytes.length <= maxShown && Buffer.from(text).equals(content.bytes);
  return isText ? { text } : { size: content.bytes.length };
}

/** Makes JSON.stringify, console.log and assertion messages show the dump. */
export function guardSecrets(tdl: Tdl): Tdl {
  const show = { value: () => dumpTdl(tdl), enumerable: false };
  return Object.defineProperties(tdl, { toJSON: show, [inspect.custom]: show });
}
