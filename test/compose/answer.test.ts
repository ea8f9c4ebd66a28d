import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readAnswer } from '../../src/compose/inputs.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-answer-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Around = Parameters<typeof readAnswer>[1];

describe('readAnswer()', () => {
  it.each([
    ['plain text', Buffer.from('install\npoweroff\n')],
    ['UTF-8 with a mark', Buffer.from('\ufeff<unattend/>\r\n')],
    ['UTF-16, as Windows writes it', Buffer.from('\ufeff<unattend/>', 'utf16le')],
    ['a code page', Buffer.from('FullName="M\xfcller"\r\n', 'latin1')],
  ])('takes %s as it is', async (_name, bytes) => {
    writeFileSync(path.join(dir, 'answer'), bytes);
    const answer = await readAnswer('answer', { cwd: dir } as Around);
    expect(answer?.name).toBe(path.join(dir, 'answer'));
    expect(Buffer.from(answer?.text ?? '', answer?.encoding)).toEqual(bytes);
  });
});
