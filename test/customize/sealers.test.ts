/** What every kind of sealing must hold, and how it goes on systems of each age, in a directory that stands for the guest. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sealers } from '../../src/customize/seal/index.ts';
import { renewHostKeys } from '../../src/customize/seal/sealer.ts';
import { sealLast } from '../../src/customize/seal.ts';
import { type Sandbox, sandbox } from './helpers/sandbox.ts';

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

it('find is asked for nothing that RHEL 4 does not know', () => {
  expect(sealers.redhat?.last).not.toMatch(/\{\} \+|-delete/);
});

let guest: Sandbox;
beforeEach(() => {
  guest = sandbox();
  for (const name of ['etc/ssh', 'var/run']) mkdirSync(guest.at(name), { recursive: true });
});
afterEach(() => guest.remove());

const at = (name: string) => guest.at(name);
const run = (text: string) => guest.run(`set -eu\n${text}`);

describe('the last part', () => {
  beforeEach(() => {
    guest.program('setsid', 'exec "$@"');
    for (const name of ['fstrim', 'journalctl', 'poweroff', 'sync']) {
      guest.program(name, `echo ${name} >>"${at('told')}"`);
    }
  });

  async function told(): Promise<string> {
    for (let left = 100; left > 0; left -= 1) {
      if (existsSync(at('told')) && /poweroff/.test(readFileSync(at('told'), 'utf8'))) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return readFileSync(at('told'), 'utf8');
  }

  it.each(['var/run', 'run'])('runs from %s, the place of its age', async (place) => {
    mkdirSync(at(place), { recursive: true });
    mkdirSync(at('var/log'));
    writeFileSync(at('var/log/messages'), 'of the build\n');
    run(sealLast('redhat', ':').text);
    expect(await told()).toMatch(/sync\npoweroff\n$/);
    expect(readFileSync(at('var/log/messages'), 'utf8')).toBe('');
    expect(existsSync(at(`${place}/finish-image.sh`))).toBe(false);
  });

  it('saves no random seed after it', async () => {
    const seed = at('var/lib/seedrng/seed.credit');
    mkdirSync(at('etc/init.d'));
    mkdirSync(path.dirname(seed), { recursive: true });
    writeFileSync(at('etc/init.d/seedrng'), `#!/bin/sh\necho "$1" >"${seed}"\n`, { mode: 0o755 });
    run(sealLast('alpine', ':').text);
    await told();
    expect(existsSync(seed)).toBe(false);
  });
});

describe('renewing host keys', () => {
  const oldKeygen = (at: string) => `case $1 in
    -A) exit 1 ;;
    *) while [ "$1" != -f ]; do shift; done; : >"$2" ; echo "$2" >>"${at}" ;;
  esac`;

  it('is a script of init that runs before sshd by its number, and needs no -A', () => {
    mkdirSync(at('etc/init.d'));
    guest.program('ssh-keygen', oldKeygen(at('made')));
    guest.write('etc/init/ssh.conf', ''); // as in Debian 7
    guest.program('update-rc.d', `echo "$@" >"${at('links')}"`);
    writeFileSync(at('etc/ssh/ssh_host_rsa_key'), 'of the build');
    run(renewHostKeys);
    expect(existsSync(at('etc/ssh/ssh_host_rsa_key'))).toBe(false);
    expect(readFileSync(at('links'), 'utf8')).toBe('ssh-host-keys start 10 2 3 4 5 .\n');
    execFileSync(at('etc/init.d/ssh-host-keys'), ['stop']);
    expect(existsSync(at('made'))).toBe(false);
    for (const _ of [1, 2]) execFileSync(at('etc/init.d/ssh-host-keys'), ['start']);
    const keys = ['rsa', 'dsa'].map((kind) => at(`etc/ssh/ssh_host_${kind}_key`));
    expect(readFileSync(at('made'), 'utf8').trim().split('\n')).toEqual(keys);
  });

  it('is a job of upstart where that starts sshd: its scripts of init come too late', () => {
    for (const name of ['etc/init.d', 'etc/init']) mkdirSync(at(name));
    writeFileSync(at('etc/init/ssh.conf'), 'exec /usr/sbin/sshd -D\n');
    guest.program('initctl', 'echo "init (upstart 1.12.1)"');
    guest.program('ssh-keygen', `echo "$@" >"${at('made')}"`);
    run(renewHostKeys);
    const job = readFileSync(at('etc/init/ssh-host-keys.conf'), 'utf8');
    expect(job).toMatch(/^start on starting ssh\ntask\n/m);
    const [, script = ''] = /^script\n([\s\S]*)^end script$/m.exec(job) ?? [];
    execFileSync('sh', ['-e'], { input: script });
    expect(readFileSync(at('made'), 'utf8')).toBe('-A\n');
  });
});
