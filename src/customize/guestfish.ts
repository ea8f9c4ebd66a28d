/** A running guestfish that is told one command after another: one appliance for all of them. */
import { randomBytes } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { deadline } from '../base/abort.ts';
import { missingHint } from '../base/debian-packages.ts';
import { codeOf, OzError } from '../base/errors.ts';
import { inWords, limits } from '../base/limits.ts';
import { startTool } from '../base/start-tool.ts';
import { tailBuffer } from '../base/tail-buffer.ts';
import { mountSystem } from './mount-system.ts';

export interface Guestfish {
  /** Runs one command and returns what it printed. Throws OZ_OFFLINE with guestfish's own words. */
  command(...words: string[]): Promise<string>;
  /** Whether a command such as `is-file` says true. */
  is(...words: string[]): Promise<boolean>;
  /** Unmounts, syncs, and waits for the appliance's end. */
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

const ordinaryHint = 'check that the disk holds an installed system and that no guest is using it';
const applianceHint =
  "libguestfs makes its appliance from this machine's kernel: install one (Debian: apt-get install linux-image-amd64) or name one in SUPERMIN_KERNEL and SUPERMIN_MODULES";

function failure(disk: string, why: string, cause?: unknown): OzError {
  return new OzError('OZ_OFFLINE', `Cannot change the disk ${disk}: ${why}`, {
    hint: /supermin/.test(why) ? applianceHint : ordinaryHint,
    cause,
  });
}

/** What libguestfs says is wrong, without its advice on debugging. */
function ownWords(err: string): string {
  const lines = err.trim().split('\n');
  const errors = lines.filter((line) => /\berror: /.test(line));
  return (errors.length > 0 ? errors : lines.slice(-3)).join('\n');
}

export interface GuestfishOptions {
  signal?: AbortSignal | undefined;
  /** Leave the processor's own virtualisation alone; unless told, it is tried first. */
  emulate?: boolean | undefined;
}

/** Milliseconds; with working virtualisation the appliance is up in a fraction of it. */
const acceleratedLimit = 90_000;

const settingsName = 'LIBGUESTFS_BACKEND_SETTINGS';
const settingsGiven = () => process.env[settingsName] !== undefined;

async function mayAccelerate(emulate: boolean | undefined): Promise<boolean> {
  // Who sets this has decided already.
  if (emulate || settingsGiven()) return false;
  return access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Opens a disk and mounts what is on it. The format is always stated: a raw
 * disk whose content poses as qcow2 must not lead to other files. A /dev/kvm in
 * which guests hang costs its time limit once; then the appliance is emulated.
 */
export async function openGuestfish(
  disk: string,
  format: string,
  { signal, emulate }: GuestfishOptions = {},
): Promise<Guestfish> {
  if (await mayAccelerate(emulate)) {
    const slow = new Error('the appliance does not come up');
    const limit = deadline(acceleratedLimit, () => slow, signal);
    const fish = start(disk, format, undefined, limit.signal, signal);
    try {
      await fish.command('run');
      return await mounted(fish, disk);
    } catch (error) {
      fish.kill();
      if (error !== slow) throw error;
    } finally {
      limit.clear();
    }
  }
  const fish = start(disk, format, emulate === false ? undefined : 'force_tcg', signal, signal);
  await fish.command('run');
  return mounted(fish, disk);
}

async function mounted(fish: Guestfish, disk: string): Promise<Guestfish> {
  try {
    if (await mountSystem(fish)) return fish;
  } catch (error) {
    fish.kill();
    throw error;
  }
  fish.kill();
  throw failure(disk, 'there is not exactly one operating system on it');
}

/** Characters; a mark is printed last, with its line's end. */
const longestMark = 64;

/** `launchSignal` may only end the launch, `signal` also what follows. */
function start(
  disk: string,
  format: string,
  settings: string | undefined,
  launchSignal: AbortSignal | undefined,
  signal: AbortSignal | undefined,
): Guestfish {
  launchSignal?.throwIfAborted();
  const args = [`--format=${format}`, '-a', disk];
  const child = startTool('guestfish', args, {
    pass: ['LIBGUESTFS_*', 'SUPERMIN_*'],
    env: {
      ...(settings && !settingsGiven() && { [settingsName]: settings }),
      LIBGUESTFS_BACKEND: 'direct',
    },
  });
  let launching = true;
  const decoder = new StringDecoder('utf8');
  const out: string[] = [];
  let printed = 0;
  /** The end of what it printed, where a command's mark is looked for. */
  let tail = '';
  const err = tailBuffer(limits.toolOutput);
  let ended: OzError | undefined;
  let wake = () => {};
  child.stdout.on('data', (chunk: Buffer) => {
    const text = decoder.write(chunk);
    printed += chunk.length;
    if (printed <= limits.packageList) out.push(text);
    else {
      ended ??= failure(disk, `a command printed more than ${inWords(limits.packageList)}`);
      child.kill('SIGKILL');
    }
    tail = (tail + text).slice(-longestMark);
    wake();
  });
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => {}); // told by its end
  const closed = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      ended =
        codeOf(error) === 'ENOENT'
          ? new OzError('OZ_TOOL_MISSING', 'Cannot run guestfish: it is not installed', {
              hint: missingHint('guestfish'),
            })
          : failure(disk, error.message, error);
      wake();
      resolve(null);
    });
    child.once('close', (code) => {
      ended ??= failure(disk, ownWords(err.text()) || `guestfish ended with exit code ${code}`);
      wake();
      resolve(code);
    });
  });
  const kill = () => {
    child.kill('SIGTERM');
  };
  const onAbort = () => {
    kill();
    wake();
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  launchSignal?.addEventListener('abort', () => launching && onAbort(), { once: true });

  async function command(...words: string[]): Promise<string> {
    const mark = `--${randomBytes(9).toString('hex')}--`;
    out.length = 0;
    printed = 0;
    child.stdin.write(`${words.map(word).join(' ')}\necho ${mark}\n`);
    while (!tail.includes(mark)) {
      signal?.throwIfAborted();
      if (launching) launchSignal?.throwIfAborted();
      if (ended) throw ended;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    launching = false;
    const all = out.join('');
    return all.slice(0, all.lastIndexOf(mark));
  }

  async function close(): Promise<void> {
    child.stdin.end();
    const code = await closed;
    signal?.removeEventListener('abort', onAbort);
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
