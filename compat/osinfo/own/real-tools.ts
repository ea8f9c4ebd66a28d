/**
 * Our data as the real libosinfo reads it: osinfo-install-script's files beside
 * ours, byte by byte, and the warnings it has about our files.
 */
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Database } from '../../../osinfo/database/database.ts';
import { packageFile } from '../../../src/base/package-root.ts';
import { runTool } from '../../../src/base/run-tool.ts';
import { each, firstDifference, newTally, record, type Tally } from '../tally.ts';
import { type Choice, cases, generate, ownSystems } from './answers.ts';

/** The data as the administrator's database, what it adds to other files as the user's. */
async function installed(): Promise<{ directory: string; env: Record<string, string> }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ozma-data-'));
  const data = packageFile('osinfo', 'data');
  for (const kind of ['os', 'platform', 'install-script']) {
    await cp(path.join(data, kind), path.join(directory, 'local', kind), { recursive: true });
  }
  await cp(path.join(data, 'additions'), path.join(directory, 'user'), { recursive: true });
  const env = {
    LC_ALL: 'C.UTF-8',
    LANGUAGE: '',
    OSINFO_LOCAL_DIR: path.join(directory, 'local'),
    OSINFO_USER_DIR: path.join(directory, 'user'),
  };
  return { directory, env };
}

export async function compareWithRealTools(database: Database, choice: Choice): Promise<Tally[]> {
  const { directory, env } = await installed();
  const files = newTally('osinfo-install-script over our data, files');
  const names = newTally('osinfo-query over our data, systems');
  try {
    const { stdout, stderr } = await runTool('osinfo-query', ['os', '--fields=id,short-id'], {
      env,
    });
    const known = stdout.toString('utf8');
    const chosen = ownSystems(database, choice);
    for (const os of chosen) record(names, known.includes(os.id), os.id, 'is not listed');
    record(names, !stderr.trim(), 'warnings', stderr.trim().slice(0, 200));

    const jobs = chosen.flatMap((os) => cases.map((one) => ({ os, one })));
    await each(jobs, async ({ os, one }) => {
      const out = await mkdtemp(path.join(directory, 'out-'));
      const settings = Object.entries(one.config).flatMap(([key, value]) => [
        '-c',
        `${key}=${value}`,
      ]);
      const args = ['-q', '-p', 'jeos', '-d', out, '-s', one.source, ...settings, os.id];
      await runTool('osinfo-install-script', args, { env, input: '' });
      const theirs = new Set(await readdir(out));
      for (const { filename, text } of generate(database, os, one)) {
        const there = theirs.has(filename) ? await readFile(path.join(out, filename), 'utf8') : '';
        record(
          files,
          text === there,
          `${os.id} ${one.name}, ${filename}`,
          firstDifference(text, there),
        );
      }
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return [files, names];
}
