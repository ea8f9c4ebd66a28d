/** The templates and configurations that files and directories on a command line mean. */
import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, OzError } from '../base/errors.ts';
import { whyOf } from '../base/system-errors.ts';

export interface FoundFile {
  kind: 'tdl' | 'config';
  /** As the user would name it. */
  file: string;
  /** Below the directory that was searched, or the file's own name. */
  name: string;
}

/** Bytes that show whether an XML file is a template. */
const headSize = 4096;

/** Opening a pipe would wait for whoever writes to it. */
const isFile = (file: string) =>
  stat(file).then(
    (stats) => stats.isFile(),
    () => true, // told when it is read
  );

/** The first element of a document's head. Others hold a <template> as well: libosinfo's scripts do. */
function rootOf(head: string): string | undefined {
  const text = head.replace(/<!--[\s\S]*?(?:-->|$)/g, '');
  return /<([A-Za-z_][^\s>/]*)/.exec(text)?.[1];
}

async function isTemplate(file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch(() => null);
  if (!handle) return false;
  try {
    const head = Buffer.alloc(headSize);
    const { bytesRead } = await handle.read(head, 0, headSize, 0);
    return rootOf(head.toString('latin1', 0, bytesRead)) === 'template';
  } finally {
    await handle.close();
  }
}

/** By its name, and an XML file by its root. Null: neither. */
async function kindOf(file: string): Promise<FoundFile['kind'] | null> {
  const name = path.basename(file).toLowerCase();
  if (!/\.(tdl|xml|cfg)$/.test(name) || !(await isFile(file))) return null;
  if (name.endsWith('.tdl')) return 'tdl';
  if (/^oz.*\.cfg$/.test(name)) return 'config';
  return name.endsWith('.xml') && (await isTemplate(file)) ? 'tdl' : null;
}

type Found = Pick<FoundFile, 'kind' | 'file'>;

async function inDirectory(directory: string, signal?: AbortSignal): Promise<Found[]> {
  signal?.throwIfAborted();
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    throw new OzError('OZ_CHECK_FILE', `Cannot look into ${directory}: ${whyOf(error)}`, {
      hint: 'allow it, or name the files in question',
      cause: error,
    });
  });
  const sorted = entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const found: Found[] = [];
  for (const entry of sorted) {
    const file = path.join(directory, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) found.push(...(await inDirectory(file, signal)));
    else {
      const kind = await kindOf(file);
      if (kind) found.push({ kind, file });
    }
  }
  return found;
}

/**
 * Files are taken as they are, a `.cfg` as an oz.cfg and all others as
 * templates; in directories, and those below them, `*.tdl`, XML files that hold
 * a template, and `oz*.cfg`. What is named twice is found once. Throws OZ_CHECK_NOTHING for a directory without any,
 * OZ_CHECK_FILE for what is not there.
 */
export async function findFiles(
  operands: readonly string[],
  cwd: string,
  signal?: AbortSignal,
): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  const seen = new Set<string>();
  const add = (each: FoundFile) => {
    const file = path.resolve(cwd, each.file);
    if (!seen.has(file)) found.push(each);
    seen.add(file);
  };
  for (const operand of operands) {
    const file = path.resolve(cwd, operand);
    const stats = await stat(file).catch((error: unknown) => {
      const why = codeOf(error) === 'ENOENT' ? 'there is no such file' : whyOf(error);
      throw new OzError('OZ_CHECK_FILE', `Cannot check ${operand}: ${why}`, {
        hint: 'name templates, oz.cfg files, or directories of them',
      });
    });
    if (!stats.isDirectory()) {
      const kind = operand.endsWith('.cfg') ? 'config' : 'tdl';
      add({ kind, file: operand, name: path.basename(operand) });
      continue;
    }
    const inside = await inDirectory(file, signal);
    if (inside.length === 0) {
      throw new OzError('OZ_CHECK_NOTHING', `Cannot check ${operand}: no template is in it`, {
        hint: 'templates are *.tdl, or XML files whose root is <template>',
      });
    }
    for (const each of inside) {
      const name = path.relative(file, each.file);
      add({ kind: each.kind, file: path.join(operand, name), name });
    }
  }
  return found;
}
