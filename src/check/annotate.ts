/** Comments in a template at the places that need a change. */
import type { BackendName, TdlReport } from './check-tdl.ts';

interface Note {
  /** From 1; absent: of the template as a whole. */
  line?: number | undefined;
  text: string;
}

const open = '<!-- ozma: ';
const own = /^[ \t]*<!-- ozma: [\s\S]*? -->[ \t]*(\r\n|\r|\n)/gm;

/** A template without the comments of an earlier run. */
export function withoutNotes(text: string): string {
  return text.replace(own, '');
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

/** A line that starts with a tag can have a comment before it; within a tag or a text it would be none. */
const startsTag = (line: string | undefined) => line !== undefined && /^\s*<[A-Za-z/]/.test(line);

/** The text with the notes, each before its line where that may be, else before the root. */
export function annotate(text: string, notes: readonly Note[]): string {
  const lines = text.split(/(?<=\n)/);
  const root = lines.findIndex((line) => /^\s*<template[\s>/]/.test(line));
  if (root < 0) return text; // too broken to say more than the report does
  const before = new Map<number, string[]>();
  for (const note of notes) {
    const wanted = (note.line ?? root + 1) - 1;
    const at = wanted > root && startsTag(lines[wanted]) ? wanted : root;
    const where =
      at === root && note.line !== undefined && wanted !== root ? `line ${note.line}: ` : '';
    const indent = /^\s*/.exec(lines[at] ?? '')?.[0] ?? '';
    before.set(at, [...(before.get(at) ?? []), `${commentOf(indent, `${where}${note.text}`)}\n`]);
  }
  return lines.flatMap((line, i) => [...(before.get(i) ?? []), line]).join('');
}
