/** No secret is half readable where a console is cut: it is masked whole, or its line is not shown. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Guest } from '../../backends/backend.ts';
import { masker } from '../../src/base/secrets.ts';
import { collectEvidence, lastWords } from '../../src/engine/evidence.ts';

vi.mock('../../src/base/limits.ts', async (original) => {
  const { limits, ...real } = await original<typeof import('../../src/base/limits.ts')>();
  return { ...real, limits: { ...limits, evidence: 4096 } };
});

const secret = 'correct-horse-battery';
const mask = masker([secret]);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-evidence-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Output whose last `bytes` bytes begin within the secret; a whole one follows. */
function cutIn(bytes: number): string {
  const rest = `battery\r\nthe next line ${secret}\n`;
  return `boot\npassword ${secret.slice(0, -7)}${rest}${'.'.repeat(bytes - rest.length - 1)}\n`;
}

const guestOf = (output: string): Guest =>
  ({
    console: async ({ tailBytes = 0 } = {}) => ({
      size: Buffer.byteLength(output),
      tail: Buffer.from(output).subarray(-tailBytes).toString(),
    }),
    screenshot: async () => null,
    describe: async () => ({ file: 'domain.xml', text: '' }),
  }) as Partial<Guest> as Guest;

async function collected(guest: Guest | null, consoleLog: string | null): Promise<string> {
  const input = {
    guest,
    consoleLog,
    answer: null,
    mask,
    error: new Error('x'),
    lastActivity: null,
  };
  await collectEvidence({ ...input, dir });
  return readFileSync(path.join(dir, 'console.log'), 'utf8');
}

function logOf(output: string): string {
  const file = path.join(dir, 'install-console.log');
  writeFileSync(file, output);
  return file;
}

describe('the evidence begins with a whole line', () => {
  it.each([
    ['of the log on this machine', () => collected(null, logOf(cutIn(4096)))],
    ['of what the place tells', () => collected(guestOf(cutIn(1024 * 1024)), null)],
  ])('%s', async (_, collect) => {
    expect(await collect()).toMatch(/^the next line \*{8}\n\.+\n$/);
  });

  it.each([
    ['of the log on this machine', () => collected(null, logOf(`boot ${secret}\n`))],
    ['of what the place tells', () => collected(guestOf(`boot ${secret}\n`), null)],
  ])('and with the very first where nothing is cut: %s', async (_, collect) => {
    expect(await collect()).toBe('boot ********\n');
  });
});

it('the last words do as well', async () => {
  const output = cutIn(16 * 1024);
  const ways = [
    { guest: guestOf(output), consoleLog: null },
    { guest: { console: async () => null } as unknown as Guest, consoleLog: logOf(output) },
  ];
  for (const way of ways) {
    const words = await lastWords(way, mask);
    expect(words?.[0]).toBe('the next line ********');
    expect(words?.join()).not.toContain('battery');
  }
});
