/** Runs the TDL's commands in the guest. */
import { isUtf8 } from 'node:buffer';
import { quote } from './shell.ts';
import type { CommandStep } from './types.ts';
import { bytesOf, passingName, perform, type Workspace } from './workspace.ts';

/** Longer ones (bytes) do not fit into one argument of an exec. */
const longestLine = 64 * 1024;

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

/** Throws OZ_CUSTOMISE_FAILED when it ends with anything but exit code 0. */
export async function runTdlCommand(space: Workspace, step: CommandStep): Promise<void> {
  const title = `${step.stage === 'pre' ? 'precommand' : 'command'} ${step.name}`;
  const content = await bytesOf(space, step.content);
  const way = wayOf(content);
  if (way === 'shell') {
    await perform(space, { title, command: content.toString('utf8') });
    return;
  }
  const file = passingName();
  await space.session.upload(file, content, { mode: 0o700, signal: space.signal });
  try {
    const shell = way === 'upload-for-shell' ? `"\${SHELL:-/bin/sh}" ` : '';
    await perform(space, { title, command: `${shell}${quote(file)}` });
  } finally {
    await space.session.run(`rm -f ${quote(file)}`, { okCodes: 'any' }).catch(() => {});
  }
}
