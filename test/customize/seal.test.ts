import { describe, expect, it } from 'vitest';
import { OzError } from '../../src/base/errors.ts';
import { parseUndo, undoText } from '../../src/customize/access-undo.ts';
import { sealAndPowerOff } from '../../src/customize/seal.ts';
import type { Session } from '../../src/customize/session.ts';
import { called, recorder } from './helpers/recorder.ts';

/** A guest whose connection breaks, after having printed these lines. */
function breaking(lines: string[]): Session {
  return {
    ...recorder().session,
    run: async (_, options) => {
      for (const line of lines) options?.onOutput?.('stdout', line);
      throw new OzError('OZ_SSH_LOST', 'lost');
    },
  };
}

describe('sealAndPowerOff', () => {
  it('hands over the key by its blob only, and closes', async () => {
    const { session, calls } = recorder();
    await sealAndPowerOff(session, 'debian', { publicKey: 'ssh-rsa AAAAB3+/= ozma' });
    expect(calls.map(called)).toEqual(['AAAAB3+/=']);
  });

  it('fails when the guest could not do it', async () => {
    const { session } = recorder(() => ({ code: 1, stderr: "the build's key is still there\n" }));
    await expect(sealAndPowerOff(session, 'debian', {})).rejects.toMatchObject({
      code: 'OZ_SEAL_FAILED',
      message: expect.stringContaining('still there'),
    });
  });

  it('takes a lost connection for success only once the guest is sealed', async () => {
    await sealAndPowerOff(breaking(['sealed, going down']), 'debian', {});
    await expect(sealAndPowerOff(breaking(['x']), 'debian', {})).rejects.toMatchObject({
      code: 'OZ_SSH_LOST',
    });
  });
});

describe('the undo list', () => {
  it('comes back as it was written', () => {
    const steps = [
      {
        verb: 'rm' as const,
        path: '/etc/ssh/sshd_config.d/00-build-access.conf',
        target: undefined,
      },
      {
        verb: 'mv' as const,
        path: '/etc/ssh/sshd_config.build-saved',
        target: '/etc/ssh/sshd_config',
      },
      { verb: 'rmdir' as const, path: '/root/.ssh', target: undefined },
    ];
    expect(parseUndo(undoText(steps))).toEqual(steps);
  });
  it('of a hostile disk does nothing outside its places', () => {
    const lines = [
      'rm /etc/../boot/x',
      'rm /usr/bin/sh',
      'mv /etc/a',
      'mv /etc/a /boot/b',
      'exec /etc/x',
      'rm',
      'rm /etc/a;b',
      'rm /etc/a /etc/b',
    ];
    expect(parseUndo(lines.join('\n'))).toEqual([]);
  });
});
