/** Makes a thing once, also when the answer of the request that makes it gets lost. */
import { delay } from '../../../src/base/abort.ts';
import { codeOf } from '../../../src/base/errors.ts';
import type { Call } from './types.ts';

export interface CreateOnceOptions extends Call {
  /** Requests in all; 3 unless told. */
  tries?: number | undefined;
  /** Milliseconds until a thing that is being made shows up; 3000 unless told. */
  settleMs?: number | undefined;
  /** Called when a request broke off: what it makes may come late, beside what is returned. */
  onUnsure?: (() => void) | undefined;
}

/**
 * Calls `create`; after `OZ_CLOUD_UNSURE` looks with `find` (by name or
 * metadata, null: not there) before it tries again.
 */
export async function createOnce<T>(
  create: () => Promise<T>,
  find: () => Promise<T | null>,
  { signal, tries = 3, settleMs = 3000, onUnsure }: CreateOnceOptions = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await create();
    } catch (error) {
      if (codeOf(error) !== 'OZ_CLOUD_UNSURE') throw error;
      onUnsure?.();
      await delay(settleMs, signal);
      const found = await find();
      if (found !== null) return found;
      if (attempt < tries) continue;
      throw (error as Error).cause ?? error;
    }
  }
}
