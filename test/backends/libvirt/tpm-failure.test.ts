import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tpmFailure } from '../../../backends/libvirt/tpm-failure.ts';
import { testDir } from '../../media/support.ts';

/** As libvirt 9.0 and swtpm_setup 0.7 word it. */
function failed(lines: string[]): string {
  const log = path.join(testDir(), 'guest-swtpm.log');
  writeFileSync(log, lines.join('\n'));
  return `internal error: Could not run '/usr/bin/swtpm_setup'. exitstatus: 1; Check error log '${log}' for details.`;
}

const begin = [
  'Starting vTPM manufacturing as tss:tss @ Mon 23 Nov 2026 03:03:47 PM UTC',
  'Successfully created RSA 2048 EK with handle 0x81010001.',
  '  Invoking /usr/bin/swtpm_localca --type ek --ek b448 --dir /tmp/no such file',
];

test("tells the log's reason, and how to mend rights", () => {
  const need = 'Need read/write rights on /var/lib/swtpm-localca/.lock.swtpm-localca for user tss.';
  const end = ['swtpm_localca exit with status 1:', 'An error occurred.'];
  expect(tpmFailure(failed([...begin, need, ...end]))).toEqual({
    words: need,
    hint: 'give it to that user: chown -R tss /var/lib/swtpm-localca',
  });
});

test('tells another reason', () => {
  const { words, hint } = tpmFailure(failed([...begin, 'Could not open TPM state'])) ?? {};
  expect(words).toBe('Could not open TPM state');
  expect(hint).toContain('swtpm_setup');
});

test.each([
  ['the log tells nothing', () => failed(['all well'])],
  ['there is no log', () => "Could not run '/usr/bin/swtpm_setup'. Check error log '/none/x'"],
  ['it is no failure of a TPM', () => 'internal error: process exited'],
])('says nothing where %s', (_, message) => {
  expect(tpmFailure(message())).toBeNull();
});
