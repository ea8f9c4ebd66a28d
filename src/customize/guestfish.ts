/** A running guestfish that is told one command after another: one appliance for all of them. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { codeOf, OzError } from '../base/errors.ts';

export interface Guestfish {
  /** Runs one command and returns what it printed. Throws OZ_OFFLINE with guestfish's own words. */
  command(...words: string[]): Promise<string>;
  /** Whether a command such as `is-file` says true. */
  is(...words: string[]): Promise<boolean>;
  /** Writes the content of a file, whatever bytes it holds. */
  close(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

/** Words in guestfish's own quoting. */
function word(text: string): string {
  if (/^[\w./:@=+,-]+$/.test(text)) return text;
  const escapes: Record<string, string> = { '\n': '\\n', '\t': '\\t', '"': '\\"', '\\': '\\\\' };
  return `"${text.replace(/[\n\t"\\]/g, (c) => escapes[c] ?? c)}"`;
}

function failure(disk: string, why: string, cause?: unknown): OzError {
  return new OzError('OZ_OFFLINE', `Cannot change the disk ${disk}: ${why}`, {
    hint: 'check that the disk holds an installed system and that no guest is using it',
    cause,
  });
}

/**
 * Opens a disk and mounts what is on it. The format is always stated: a raw
 * disk whose content poses as qcow2 must not lead to other files.
 */
export async function openGuestfish(
  disk: string,
  format: string,
  signal?: AbortSignal,
): Promise<Guestfish> {
  signal?.throwIfAborted();
  const args = [`--format=${format}`, '-a', disk, '-i'];
  const child = spawn('guestfish', args, {
    env: { ...process.env, LC_ALL: 'C.UTF-8', LIBGUESTFS_BACKEND: 'direct' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  let ended: OzError | undefined;
  let wake = () => {};
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString('utf8');
    wake();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString('utf8');
  });
  child.stdin.on('error', () => {}); // told by its end
  const closed = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      ended =
        codeOf(error) === 'ENOENT'
          ? new OzError('OZ_TOOL_MISSING', 'Cannot run guestfish: it is not installed', {
              hint: 'install it (Debian: apt-get install libguestfs-tools)',
            })
          : failure(disk, error.message, error);
      wake();
      resolve(null);
    });
    child.once('close', (code) => {
      const tail = err.trim().split('\n').slice(-3).join('\n');
      ended ??= failure(disk, tail || `guestfish ended with exit code ${code}`);
      wake();
      resolve(code);
    });
  });
  const kill = () => child.kill('SIGTERM');
  signal?.addEventListener('abort', kill, { once: true });

  async function command(...words: string[]): Promise<string> {
    const mark = `--${randomBytes(9).toString('hex')}--`;
    out = '';
    child.stdin.write(`${words.map(word).join(' ')}\necho ${mark}\n`);
    while (!out.includes(mark)) {
      signal?.throwIfAborted();
      if (ended) throw ended;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return out.slice(0, out.indexOf(mark));
  }

  async function close(): Promise<void> {
    child.stdin.end();
    const code = await closed;
    signal?.removeEventListener('abort', kill);
    signal?.throwIfAborted();
    if (code !== 0) throw ended ?? failure(disk, `guestfish ended with exit code ${code}`);
  }

  return {
    command,
    is: async (...words) => (await command(...words)).trim() === 'true',
    close,
    kill,
  };
}
