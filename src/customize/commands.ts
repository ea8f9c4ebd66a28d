/** The TDL's commands. */
import { isUtf8 } from 'node:buffer';
import { bytesOf, type FetchContent, type Operations } from './operations.ts';
import { passingName } from './passing-name.ts';
import { quote } from './shell.ts';
import type { CommandStep } from './types.ts';

/** Longer ones (bytes) do not fit into one argument of an exec. */
const longestLine = 64 * 1024;

const loginShell = `"\${SHELL:-/bin/sh}"`;

const shells = new Set(['sh', 'ash', 'bash', 'dash', 'ksh', 'zsh']);

/** The program that a `#!` line names, `env` looked through. */
function interpreterOf(text: string): string | undefined {
  const words = /^#!\s*(.+)/.exec(text)?.[1]?.trim().split(/\s+/) ?? [];
  const names = words.map((word) => word.split('/').at(-1));
  return names[0] === 'env' ? names.slice(1).find((name) => !name?.startsWith('-')) : names[0];
}

/**
 * Oz hands every command to root's login shell through ssh, and so does this.
 * What a shell can't take that way, and so always fails in Oz, is uploaded and
 * executed: a script of another interpreter, a program, a very long script.
 */
function wayOf(content: Buffer): 'shell' | 'upload' | 'upload-for-shell' {
  if (!isUtf8(content) || content.includes(0)) return 'upload';
  const interpreter = interpreterOf(content.subarray(0, 256).toString('utf8'));
  if (interpreter && !shells.has(interpreter)) return 'upload';
  return content.length > longestLine ? 'upload-for-shell' : 'shell';
}

/**
 * It fails when it ends with anything but exit code 0. With `shell`, the login
 * shell has no part in it: the command is executed where it names its
 * interpreter, else run by that shell.
 */
export async function runTdlCommand(
  step: CommandStep,
  fetchContent: FetchContent,
  shell?: string,
): Promise<Operations> {
  const title = `${step.stage === 'pre' ? 'precommand' : 'command'} ${step.name}`;
  const content = await bytesOf(step.content, fetchContent);
  const way = wayOf(content);
  if (way === 'shell' && !shell) {
    return { main: [{ kind: 'command', title, command: content.toString('utf8') }] };
  }
  const file = passingName();
  const named = content.subarray(0, 2).toString('latin1') === '#!';
  const runner = way === 'upload' || (shell && named) ? '' : `${shell ?? loginShell} `;
  return {
    main: [
      { kind: 'write', title, path: file, content, mode: 0o700, passing: true },
      { kind: 'command', title, command: `${runner}${quote(file)}` },
    ],
    after: [{ kind: 'command', title, command: `rm -f ${quote(file)}` }],
  };
}
