/** What every kind of sealing must hold, however it is put together. */
import { describe, expect, it } from 'vitest';
import { sealers } from '../../src/customize/seal/index.ts';

describe.each(Object.entries(sealers))('sealing as %s', (_kind, { first, last }) => {
  it('removes the access, the host keys and the identity', () => {
    expect(first).toMatch(/authorized_keys/);
    expect(first).toMatch(/rm -f .*ssh_host_\*_key/);
    expect(last).toMatch(/machine-id/);
    expect(last).toMatch(/\/var\/log/);
    expect(last).toMatch(/\.bash_history/);
    expect(last.trimEnd()).toMatch(/sync$/);
  });
});
