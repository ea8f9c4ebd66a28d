/** Small tar archives (POSIX ustar), in memory: the same entries give the same bytes. */

export type TarEntry =
  | { name: string; content: string; mode?: number | undefined }
  | { name: string; target: string };

const block = 512;

/** Octal, as long as its field with the closing NUL. */
const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;

function header(entry: TarEntry, size: number): Buffer {
  if (Buffer.byteLength(entry.name) > 100) throw new RangeError(`${entry.name} is too long a name`);
  const link = 'target' in entry;
  const mode = link ? 0o777 : (entry.mode ?? 0o644);
  const made = Buffer.alloc(block);
  made.write(entry.name, 0);
  made.write(octal(mode, 8), 100);
  for (const at of [108, 116]) made.write(octal(0, 8), at); // root
  made.write(octal(size, 12), 124);
  made.write(octal(0, 12), 136);
  made.write(' '.repeat(8), 148); // what the sum is taken over
  made.write(link ? '2' : '0', 156);
  if (link) made.write(entry.target, 157);
  made.write('ustar\x0000', 257, 'latin1');
  const sum = made.reduce((total, byte) => total + byte, 0);
  made.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return made;
}

/** Files and symbolic links of root's; directories are implied. */
export function tarArchive(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap((entry) => {
    const content = Buffer.from('content' in entry ? entry.content : '');
    const padding = Buffer.alloc((block - (content.length % block)) % block);
    return [header(entry, content.length), content, padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}
