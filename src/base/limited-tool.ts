/** Runs tools that read what others wrote with limits that the system itself keeps. */
import { missingHint } from './debian-packages.ts';
import { codeOf, messageOf, OzError } from './errors.ts';
import { type RunToolOptions, runTool, type ToolResult } from './run-tool.ts';

export interface ToolLimits {
  /** Bytes of the largest file that it may write. */
  file?: number | undefined;
  /** Bytes of memory. */
  memory?: number | undefined;
  /** Seconds of processor time. */
  seconds?: number | undefined;
}

/** As runTool(); a tool that goes over a limit fails. */
export async function runLimited(
  tool: string,
  args: readonly string[],
  { file, memory, seconds }: ToolLimits,
  options: RunToolOptions = {},
): Promise<ToolResult> {
  const rules = { fsize: file, as: memory, cpu: seconds };
  const given = Object.entries(rules).filter(([, value]) => value !== undefined);
  const words = given.map(([name, value]) => `--${name}=${value}`);
  try {
    return await runTool('prlimit', [...words, tool, ...args], options);
  } catch (error) {
    if (codeOf(error) !== 'OZ_TOOL_FAILED') throw error;
    if (!messageOf(error).includes(`prlimit: failed to execute ${tool}:`)) throw error;
    throw new OzError('OZ_TOOL_MISSING', `Cannot run ${tool}: it is not installed`, {
      hint: missingHint(tool),
    });
  }
}
