/**
 * A guest's own word of where it is: `!<address>,<name>!` on its console, as in
 * Oz. For networks of which nobody tells the build who has which address.
 */
import { isIP } from 'node:net';

/** The last address said under this name, or null. Other output may stand around it. */
export function announced(text: string, name: string): string | null {
  const said = [...text.matchAll(/!([0-9a-f.:]+),([^!,\s]+)!/gi)];
  return said.findLast(([, host = '', by]) => by === name && isIP(host) !== 0)?.[1] ?? null;
}
