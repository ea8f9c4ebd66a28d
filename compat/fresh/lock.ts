/** A lock on a file that ends with its holder, however that ends: flock(1) holds it. */
import { spawn } from 'node:child_process';

/** Does `act` while no other process holds the lock. */
export async function withLock<T>(
  file: string,
  signal: AbortSignal,
  act: () => Promise<T>,
): Promise<T> {
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    signal,
  });
  const ended = new Promise<void>((resolve) => {
    holder.once('error', () => resolve());
    holder.once('close', () => resolve());
  });
  const held = new Promise<void>((resolve) => holder.stdout.once('data', () => resolve()));
  try {
    await Promise.race([
      held,
      ended.then(() => {
        signal.throwIfAborted();
        throw new Error(`flock ${file} ended early`);
      }),
    ]);
    return await act();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
