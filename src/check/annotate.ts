/** Comments in a template at the places that need a change. */
import type { BackendName, TdlReport } from './check-tdl.ts';

interface Note {
  /** From 1; absent: of the template as a whole. */
  line?: number | undefined;
  text: string;
}

const open = '<!-- ozma: ';
const own = /^(\uFEFF?)[ \t]*<!-- ozma: [\s\S]*? -->[ \t]*(?:\r\n|\r|\n)/gm;

/** A template without the comments of an earlier run. */
export function withoutNotes(text: string): string {
  return text.replace(own, '$1');
}

/** The message without the file's name, which the reader knows. */
function wordsOf(message: string, file: string): Note {
  const short = message.replaceAll(` (${file})`, '').replaceAll(file, 'this template');
  const [, line, rest] = /line (\d+), (.*)$/s.exec(short) ?? [];
  return line === undefined ? { text: short } : { line: Number(line), text: rest ?? short };
}

/** What has to change for that backend. `file` as in the report's messages. */
export function notesFor(report: TdlReport, backend: BackendName, file: string): Note[] {
  const verdict = report.backends[backend];
  const problem = report.problem ?? (verdict && !verdict.builds ? verdict.problem : null);
  const notes: Note[] = report.deprecated.map(({ text }) => ({ text }));
  if (!problem) return notes;
  const note = wordsOf(problem.message, file);
  return [{ ...note, text: problem.hint ? `${note.text} (${problem.hint})` : note.text }, ...notes];
}

/** No comment may hold two dashes in a row, nor end in one. */
const commentOf = (indent: string, text: string) =>
  `${indent}${open}${text
    .replace(/\s+/g, ' ')
    .replace(/-(?=-)/g, '- ')
    .replace(/-$/, '- ')} -->`;

/** The text with its comments blanked out, of the same length and lines. */
const withoutComments = (text: string) =>
  text.replace(/<!--[\s\S]*?(-->|$)/g, (comment) => comment.replace(/[^\n]/g, ' '));

/** A line that starts with a tag can have a comment before it; within a tag or a text it would be none. */
const startsTag = (line: string | undefined) => line !== undefined && /^\s*<[A-Za-z/]/.test(line);

const indentOf = (line: string) => /^[^\S\uFEFF]*/.exec(line)?.[0] ?? '';

/** The line of the root, which starts at that column, with comments before the root. */
function beforeRoot(line: string, column: number, texts: readonly string[]): string {
  const ahead = line.slice(0, column);
  const indent = indentOf(ahead) === ahead ? ahead : '';
  const comments = texts.map((text) => `${commentOf(indent, text)}\n`).join('');
  if (indent === ahead) return `${comments}${line}`;
  // A declaration or another comment in the same line; a byte order mark is none of its own.
  const own = ahead === '\uFEFF' ? ahead : `${ahead}\n`;
  return `${own}${comments}${line.slice(column)}`;
}

/** The text with the notes, each before its line where that may be, else before the root. */
export function annotate(text: string, notes: readonly Note[]): string {
  const visible = withoutComments(text);
  const begin = visible.search(/<template[\s>/]/);
  if (begin < 0) return text; // too broken to say more than the report does
  const lines = text.split(/(?<=\n)/);
  const shown = visible.split(/(?<=\n)/);
  const root = text.slice(0, begin).split('\n').length - 1;
  const atRoot: string[] = [];
  const before = new Map<number, string[]>();
  for (const note of notes) {
    const wanted = (note.line ?? root + 1) - 1;
    if (wanted > root && startsTag(shown[wanted])) {
      const comment = commentOf(indentOf(lines[wanted] ?? ''), note.text);
      before.set(wanted, [...(before.get(wanted) ?? []), `${comment}\n`]);
    } else {
      const where = note.line !== undefined && wanted !== root ? `line ${note.line}: ` : '';
      atRoot.push(`${where}${note.text}`);
    }
  }
  if (atRoot.length > 0) {
    const column = begin - lines.slice(0, root).join('').length;
    lines[root] = beforeRoot(lines[root] ?? '', column, atRoot);
  }
  return lines.flatMap((line, i) => [...(before.get(i) ?? []), line]).join('');
}
