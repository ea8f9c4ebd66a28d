/** Runs a standard tool (qemu-img, xorriso, …) and words its failures. */
import path from 'node:path';
import { missingHint } from './debian-packages.ts';
import { OzError } from './errors.ts';
import { inWords, limits } from './limits.ts';
import { startTool } from './start-tool.ts';
import { tailBuffer } from './tail-buffer.ts';

export interface RunToolOptions {
  signal?: AbortSignal | undefined;
  cwd?: string | undefined;
  /** Variables besides those that every tool gets. */
  env?: Record<string, string> | undefined;
  /** Written to the tool's standard input. */
  input?: string | Buffer | undefined;
  /**
   * Bytes of standard output that are taken; `limits.toolOutput` unless told, `Infinity` for what
   * nobody else can have a hand in.
   */
  most?: number | undefined;
  /** Called with each piece of standard output as it comes; none is kept then, and none too much. */
  onStdout?: ((chunk: Buffer) => void) | undefined;
  /** Called with each piece of standard error as it comes. */
  onStderr?: ((chunk: Buffer) => void) | undefined;
  /** Exit codes that are no failure; [0] unless told. */
  okCodes?: readonly number[] | undefined;
}

export interface ToolResult {
  stdout: Buffer;
  stderr: string;
  exitCode: number;
}

/**
 * Runs `tool` without a shell, with LC_ALL=C.UTF-8. Throws OzError
 * `OZ_TOOL_MISSING` or `OZ_TOOL_FAILED` (with the last lines of stderr, or
 * where it prints more than `most` bytes); an abort throws the signal's reason.
 */
export async function runTool(
  tool: string,
  args: readonly string[],
  options: RunToolOptions = {},
): Promise<ToolResult> {
  options.signal?.throwIfAborted();
  const stdout: Buffer[] = [];
  const stderr = tailBuffer(limits.toolOutput);
  const { cwd, env, signal, most = limits.toolOutput } = options;
  let printed = 0;
  const child = startTool(tool, args, { cwd, env, signal });
  child.stdout.on('data', (chunk: Buffer) => {
    if (options.onStdout) return options.onStdout(chunk);
    printed += chunk.length;
    if (printed <= most) stdout.push(chunk);
    else {
      child.kill('SIGKILL');
      child.stdout.destroy(); // what it has started itself ends by that
    }
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr.push(chunk);
    options.onStderr?.(chunk);
  });
  child.stdin.on('error', () => {}); // a tool that ends early closes its input
  child.stdin.end(options.input ?? '');
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (options.signal?.aborted) return reject(options.signal.reason);
      reject(
        error.code === 'ENOENT'
          ? new OzError('OZ_TOOL_MISSING', `Cannot run ${tool}: it is not installed`, {
              hint: missingHint(path.basename(tool)),
              cause: error,
            })
          : new OzError('OZ_TOOL_FAILED', `Cannot run ${tool}: ${error.message}`, { cause: error }),
      );
    });
    child.on('close', (code, signal) => {
      if (options.signal?.aborted) return reject(options.signal.reason);
      resolve(code ?? (signal ? 128 : 1));
    });
  });
  const errorText = stderr.text();
  if (printed > most) {
    throw new OzError(
      'OZ_TOOL_FAILED',
      `Cannot finish ${tool} ${args[0] ?? ''}: it printed more than ${inWords(most)}`,
      { hint: 'what it reads may be damaged, or made to do harm' },
    );
  }
  if (!(options.okCodes ?? [0]).includes(exitCode)) {
    const tail = errorText.trim().split('\n').slice(-5).join('\n');
    throw new OzError(
      'OZ_TOOL_FAILED',
      `Cannot finish ${tool} ${args[0] ?? ''}: exit code ${exitCode}${tail ? `: ${tail}` : ''}`,
    );
  }
  return { stdout: Buffer.concat(stdout), stderr: errorText, exitCode };
}
