/** oz migrate: configurations and templates for either backend, out of those that exist. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, OzError } from '../base/errors.ts';
import { homeOf } from '../base/home.ts';
import { makeDirectory } from '../base/make-directory.ts';
import { whyOf } from '../base/system-errors.ts';
import { writeOutput } from '../base/write-output.ts';
import type { FoundFile } from '../check/find-files.ts';
import { checkSurroundings } from './check.ts';
import type { Io } from './io.ts';
import type { OptionValues } from './option-table.ts';
import { ozMigrate } from './options.ts';
import { printable } from './render/format.ts';
import { runCommand } from './run-command.ts';
import { withSignals } from './signals.ts';
import { usageError } from './usage-error.ts';

type MigrateLine = OptionValues<typeof ozMigrate.options>;

interface Result extends FoundFile {
  text: string;
  changes: string[];
}

function checkLine(line: MigrateLine, operands: readonly string[]): void {
  if (operands.length === 0) throw usageError('the <file> argument is missing');
  if (line.inPlace && line.output !== undefined)
    throw usageError('--in-place and -o exclude each other');
}

async function migrated(
  line: MigrateLine,
  operands: readonly string[],
  io: Io,
  signal: AbortSignal,
): Promise<Result[]> {
  const [
    { findFiles },
    { readExact },
    { checkTdl },
    { annotate, notesFor, withoutNotes },
    { migrateConfig },
    { parseTdl },
  ] = await Promise.all([
    import('../check/find-files.ts'),
    import('../check/read-exact.ts'),
    import('../check/check-tdl.ts'),
    import('../check/annotate.ts'),
    import('../check/migrate-config.ts'),
    import('../tdl/parse.ts'),
  ]);
  const { asked: backend, ...around } = await checkSurroundings(line, io);
  const where = { home: homeOf(io.env), isRoot: process.geteuid?.() === 0 };
  const results: Result[] = [];
  for (const found of await findFiles(operands, io.cwd, signal)) {
    signal.throwIfAborted();
    const file = path.resolve(io.cwd, found.file);
    const text = await readExact(file);
    if (found.kind === 'config') {
      results.push({ ...found, ...migrateConfig(text, found.file, backend, where) });
      continue;
    }
    const plain = withoutNotes(text);
    const read = () => parseTdl(plain, { source: file });
    const report = await checkTdl(file, around, { signal, read });
    const notes = notesFor(report, backend, file);
    const changes = notes.map((note) => note.text);
    if (notes.length === 0 && plain !== text) changes.push('remarks that no longer hold are gone');
    results.push({ ...found, text: annotate(plain, notes), changes });
  }
  return results;
}

/** Where a result goes, and with which mode; the texts may hold passwords. */
async function write(file: string, original: string, text: string): Promise<void> {
  try {
    const { mode } = await stat(original);
    await makeDirectory(path.dirname(file));
    await writeOutput(file, text, mode & 0o777);
  } catch (error) {
    throw new OzError('OZ_MIGRATE_WRITE', `Cannot write ${file}: ${whyOf(error)}`, {
      hint: 'name another directory with -o, or see who may write there',
      cause: error,
    });
  }
}

/** Whether something is there; what can't be asked after is told when it is written. */
const isThere = (file: string) =>
  stat(file).then(
    () => true,
    (error: unknown) => !['ENOENT', 'ENOTDIR', 'EACCES'].includes(codeOf(error) ?? ''),
  );

async function writeBelow(results: readonly Result[], output: string, io: Io): Promise<void> {
  const target = ({ name }: Result) => path.resolve(io.cwd, output, name);
  const names = results.map(target);
  for (const [i, name] of names.entries()) {
    const refuse = (why: string, hint: string) =>
      new OzError('OZ_MIGRATE_EXISTS', `Cannot write ${name}: ${why}`, { hint });
    if (names.indexOf(name) < i)
      throw refuse('two files would have this name', 'migrate them into different directories');
    if (await isThere(name))
      throw refuse(
        'it is there already',
        'name another directory; --in-place changes the files themselves',
      );
  }
  for (const result of results) {
    await write(target(result), path.resolve(io.cwd, result.file), result.text);
  }
}

function print(results: readonly Result[], io: Io): void {
  const changed = results.filter(({ changes }) => changes.length > 0);
  for (const { file, text } of changed) {
    if (changed.length > 1) io.stdout.write(`==> ${printable(file)} <==\n`);
    io.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }
}

export async function main(argv: readonly string[], io: Io): Promise<number> {
  return runCommand(ozMigrate, argv, io, ({ options, operands }) =>
    withSignals(io, async (signal) => {
      checkLine(options, operands);
      const results = await migrated(options, operands, io, signal);
      if (options.output !== undefined) await writeBelow(results, options.output, io);
      else if (!options.inPlace) print(results, io);
      else
        for (const { file, text, changes } of results) {
          const name = path.resolve(io.cwd, file);
          if (changes.length > 0) await write(name, name, text);
        }
      for (const { file, changes } of results) {
        const said = changes.length > 0 ? changes.join('; ') : 'nothing to change';
        io.stderr.write(`${printable(`${file}: ${said}`)}\n`);
      }
      return 0;
    }),
  );
}
