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

/** The text with the notes, each before its line where that may be, else before the root. */
export function annotate(text: string, notes: readonly Note[]): string {
  const begin = withoutComments(text).search(/<template[\s>/]/);
  if (begin < 0 || notes.length === 0) return text; // too broken to say more than the report does
  const lines = text.split(/(?<=\n)/);
  const shown = withoutComments(text).split(/(?<=\n)/);
  const root = text.slice(0, begin).split('\n').length - 1;
  const atRoot: string[] = [];
  const before = new Map<number, string[]>();
  for (const note of notes) {
    const wanted = (note.line ?? root + 1) - 1;
    if (wanted > root && startsTag(shown[wanted])) {
      const indent = /^\s*/.exec(lines[wanted] ?? '')?.[0] ?? '';
      before.set(wanted, [...(before.get(wanted) ?? []), `${commentOf(indent, note.text)}\n`]);
      continue;
    }
    const where = note.line !== undefined && wanted !== root ? `line ${note.line}: ` : '';
    atRoot.push(`${where}${note.text}`);
  }
  const line = lines[root] ?? '';
  const column = begin - lines.slice(0, root).join('').length;
  const [ahead, rest] = [line.slice(0, column), line.slice(column)];
  // The root may stand behind a declaration, or another comment, in the same line.
  const alone = /^\s*$/.test(ahead) && !ahead.startsWith('\uFEFF');
  const indent = alone ? ahead : '';
  const comments = atRoot.map((words) => `${commentOf(indent, words)}\n`);
  const broken = !alone && ahead !== '\uFEFF' ? `${ahead}\n` : ahead;
  lines[root] =
    comments.length === 0
      ? line
      : alone
        ? `${comments.join('')}${line}`
        : `${broken}${comments.join('')}${rest}`;
  return lines.flatMap((each, i) => [...(before.get(i) ?? []), each]).join('');
}
