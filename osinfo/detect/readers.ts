/** Reading pieces of media: from a file, or over HTTP with ranges. */
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { OzError } from '../../src/base/errors.ts';
import { connectionWhy } from '../../src/base/network-failures.ts';
import { shownUrl } from '../../src/base/secrets.ts';
import { whyOf } from '../../src/base/system-errors.ts';
import type { HttpAnswer } from './http.ts';
import type { ByteReader } from './iso.ts';

const chunk = 64 * 1024;

/** Opens the file for each read: two or three of them identify an ISO. */
function fileReader(file: string, signal?: AbortSignal): ByteReader {
  return {
    name: file,
    async read(offset, length) {
      signal?.throwIfAborted();
      try {
        const handle = await open(file, 'r');
        try {
          const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, offset);
          return buffer.subarray(0, bytesRead);
        } finally {
          await handle.close();
        }
      } catch (error) {
        throw new OzError('OZ_OSINFO_NO_MEDIUM', `Cannot read ${file}: ${whyOf(error)}`, {
          hint: 'check its name and who may read it',
          cause: error,
        });
      }
    },
  };
}

/** Takes `length` bytes of a body and drops the rest, in case the server ignores ranges. */
async function take(body: HttpAnswer['body'], skip: number, length: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let seen = 0;
  for await (const part of body) {
    parts.push(part);
    seen += part.length;
    if (seen >= skip + length) break;
  }
  return Buffer.concat(parts).subarray(skip, skip + length);
}

/** Reads 64 KiB at a time, since the descriptors are in the first of them. */
export function httpReader(url: string, signal?: AbortSignal): ByteReader {
  const chunks = new Map<number, Promise<Uint8Array>>();
  async function fetchChunk(index: number): Promise<Uint8Array> {
    const start = index * chunk;
    try {
      // proxies and TLS are not for a local ISO
      const { get } = await import('./http.ts');
      const range = `bytes=${start}-${start + chunk - 1}`;
      const { status, reason, body, close } = await get(url, { range }, signal);
      try {
        if (status === 416) return new Uint8Array();
        if (status === 200 || status === 206) {
          return await take(body, status === 206 ? 0 : start, chunk);
        }
        throw failed(`the server says ${status} ${reason}`.trim());
      } finally {
        close();
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof OzError ? error : failed(connectionWhy(error), error);
    }
  }
  function failed(reason: string, cause?: unknown): OzError {
    const place = shownUrl(url);
    return new OzError('OZ_OSINFO_NO_MEDIUM', `Cannot read ${place}: ${reason}`, {
      hint: 'check the URL',
      cause,
    });
  }
  return {
    name: shownUrl(url),
    async read(offset, length) {
      const parts: Uint8Array[] = [];
      const last = Math.floor((offset + length - 1) / chunk);
      for (let index = Math.floor(offset / chunk); index <= last; index++) {
        const known = chunks.get(index) ?? fetchChunk(index);
        chunks.set(index, known);
        parts.push(await known);
      }
      const skip = offset % chunk;
      return Buffer.concat(parts).subarray(skip, skip + length);
    },
  };
}

/** A path, a file: URL, or an http(s) URL. */
export function readerFor(location: string, signal?: AbortSignal): ByteReader {
  if (/^https?:\/\//i.test(location)) return httpReader(location, signal);
  const file = /^file:\/\//i.test(location) ? fileURLToPath(location) : location;
  return fileReader(file, signal);
}
