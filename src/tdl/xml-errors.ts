/**
 * libxml2's complaints about broken XML in our words. Names are shown only when
 * they are a TDL's own: what looks like a tag or an entity may be part of a
 * password with an unescaped `<` or `&` in it.
 */
import type { OzError } from '../base/errors.ts';
import { examples, tdlProblem } from './problem.ts';
import { elementNames } from './shape.ts';

interface Detail {
  message: string;
  line: number;
  level: number;
}

const wordings: [RegExp, (match: RegExpExecArray) => string][] = [
  [
    /tag mismatch: (\S+) line (\d+) and (\S+)/,
    (m) => `${tag(m[1])} of line ${m[2]} is closed by ${tag(m[3], '/')}`,
  ],
  [
    /Premature end of data in tag (\S+) line (\d+)/,
    (m) => `${tag(m[1])} of line ${m[2]} is never closed`,
  ],
  [/Entity '.*' not defined/, () => 'an entity that is not defined (a plain & is written &amp;)'],
  [/EntityRef|CharRef/, () => 'a bad entity or character reference (a plain & is written &amp;)'],
  [/entity reference loop/i, () => 'an entity that contains itself'],
  [
    /amplification|entity nesting/i,
    () => 'entities that expand to far more than the document holds',
  ],
  [/Excessive depth/, () => 'elements nested more than 256 deep'],
  [/Document is empty|Start tag expected/, () => 'it is not an XML document'],
  [/Extra content at the end/, () => 'something follows the end of the root element'],
  [/PCDATA invalid Char|invalid.*[Cc]har/, () => 'a character that XML does not allow'],
  [/redefined/, () => 'the same attribute twice'],
];

function tag(name = '', slash = ''): string {
  return elementNames.has(name) ? `<${slash}${name}>` : 'another tag';
}

/** The first real error among libxml2's, as OZ_TDL_XML. */
export function wordXmlError(details: Detail[], source: string, cause: unknown): OzError {
  const detail = details.find((d) => d.level >= 2) ?? details[0];
  const message = detail?.message ?? 'empty document';
  for (const [pattern, words] of wordings) {
    const match = pattern.exec(message);
    if (match) return problem(words(match));
  }
  return problem(
    message
      .trim()
      .split('\n')[0]
      ?.replace(/'[^']*'|"[^"]*"/g, '…') ?? message,
  );

  function problem(why: string): OzError {
    return tdlProblem(
      'OZ_TDL_XML',
      { file: source, line: Math.max(1, detail?.line ?? 1), path: 'template' },
      `not well-formed XML: ${why}`,
      // The cause holds libxml2's text, which may quote the document: it stays out of logs.
      {
        hint: `a TDL is XML: ${examples}`,
        cause: cause instanceof RangeError ? cause : undefined,
      },
    );
  }
}
