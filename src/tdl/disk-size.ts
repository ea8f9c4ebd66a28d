/** Sizes as TDLs write them. */

/** Exponents of 1000 (kB, MB, …) and of 1024 (KiB, MiB, …). */
const prefixes = ['k', 'm', 'g', 't', 'p', 'e', 'z', 'y'];

const factors = new Map<string, bigint>([
  ['b', 1n],
  // Before there were units, Oz counted in GiB, and took a bare G or T for GiB and TiB.
  ['', 1024n ** 3n],
  ['g', 1024n ** 3n],
  ['t', 1024n ** 4n],
  ...prefixes.flatMap((prefix, i): [string, bigint][] => [
    [`${prefix}b`, 1000n ** BigInt(i + 1)],
    [`${prefix}ib`, 1024n ** BigInt(i + 1)],
  ]),
]);

/** Bytes, or why the text is no disk size. */
export function parseDiskSize(text: string): number | { problem: string } {
  const match = /^([0-9]+) *([a-z]*)$/i.exec(text.trim());
  const factor = match ? factors.get((match[2] ?? '').toLowerCase()) : undefined;
  if (!match || factor === undefined || (match[1] ?? '').length > 30) {
    return {
      problem: "it must be a whole number with an optional unit, such as '10', '20GiB' or '500MB'",
    };
  }
  const bytes = BigInt(match[1] ?? '') * factor;
  return bytes === 0n ? { problem: 'a disk cannot have the size 0' } : Number(bytes);
}
