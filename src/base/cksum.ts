/** The checksum of POSIX's cksum, which every guest has. */

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

export function cksum(bytes: Uint8Array): number {
  let crc = 0;
  const take = (byte: number) => {
    crc = ((crc << 8) ^ (table[(crc >>> 24) ^ byte] ?? 0)) >>> 0;
  };
  for (const byte of bytes) take(byte);
  // The length follows, its lowest byte first, without leading zeros.
  for (let length = bytes.length; length > 0; length = Math.floor(length / 256)) take(length % 256);
  return ~crc >>> 0;
}
