/** Microversions of Nova and Cinder: `2.67` is newer than `2.9`. */
import type { MicroversionRange } from './types.ts';

function parts(version: string): [number, number] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return [major, minor];
}

export function atLeast(version: string, wanted: string): boolean {
  const [major, minor] = parts(version);
  const [wantedMajor, wantedMinor] = parts(wanted);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

export function inRange(range: MicroversionRange | null, version: string): boolean {
  return range !== null && atLeast(range.max, version) && atLeast(version, range.min);
}

/** The first of the wanted ones that the service speaks; undefined: none of them. */
export function pickVersion(
  range: MicroversionRange | null,
  wanted: readonly string[],
): string | undefined {
  return wanted.find((version) => inRange(range, version));
}
