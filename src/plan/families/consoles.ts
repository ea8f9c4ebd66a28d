/** The first serial port, which is the log of every build, by architecture. */
import type { Arch } from '../../../backends/backend.ts';

const consoles: Partial<Record<Arch, string>> = {
  aarch64: 'ttyAMA0',
  armv7l: 'ttyAMA0',
  ppc64: 'hvc0',
  ppc64le: 'hvc0',
  s390x: 'ttysclp0',
};

export function consoleArgument(arch: Arch): string {
  return `console=${consoles[arch] ?? 'ttyS0'}`;
}

/**
 * Whether whoever is started with this command line speaks on a serial port: the last console
 * that is named is the one that programs write to.
 */
export function speaksOnSerial(cmdline: string): boolean {
  const named = [...cmdline.matchAll(/(?:^|\s)console=(\S+)/g)].at(-1)?.[1];
  return named !== undefined && !/^tty\d/.test(named);
}

/** The arguments that are not empty, and the TDL's own, as one command line. */
export function commandLine(
  parts: readonly (string | undefined | false)[],
  kernelparam: string | undefined,
): string {
  return [...parts, kernelparam?.trim()].filter((part) => part).join(' ');
}
