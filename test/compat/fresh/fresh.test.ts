import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lastLines, mustSucceed } from '../../../compat/fresh/cell.ts';
import { diskBytes, firstWrite, growth } from '../../../compat/fresh/disks.ts';
import { hintedPackages } from '../../../compat/fresh/hinted.ts';
import { boxEnvironment, neededAptSettings } from '../../../compat/fresh/host.ts';
import { commandsOf, readmeCommand } from '../../../compat/fresh/readme.ts';
import { cells, readOperands, usual } from '../../../compat/fresh/table.ts';
import { counts } from '../../../compat/fresh/test.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'fresh-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the line', () => {
  it('names a suite, a user and what to do', () => {
    const trixie = { suite: 'trixie', user: 'root' };
    expect(readOperands(['trixie', 'root', 'demo'])).toEqual({ ...trixie, what: ['demo'] });
    expect(readOperands(['trixie', 'root', 'all'])).toEqual({ ...trixie, what: usual });
    expect(usual.every((name) => name in cells)).toBe(true);
  });

  it.each([
    [['trixy', 'root', 'demo'], "<suite> 'trixy' is not known"],
    [['trixie', 'nobody', 'demo'], "<user> 'nobody' is not known"],
    [['trixie', 'user', 'toString'], "<what> 'toString' is not known"],
  ])('refuses %j', (operands, message) => {
    expect(() => readOperands(operands)).toThrow(message);
  });
});

describe('hints', () => {
  it.each([
    ['install it (Debian: apt-get install qemu-utils)', ['qemu-utils']],
    ['Hint: sudo apt-get install -y osinfo-db xorriso; then again', ['osinfo-db', 'xorriso']],
    ['apt install libvirt-daemon-driver-qemu, or another', ['libvirt-daemon-driver-qemu']],
    ['`apt-get install g++`\nmtools', ['g++']],
    ['apt-get install mtools\napt-get install mtools', ['mtools']],
    ['nothing of the kind', []],
  ])('%s', (text, names) => {
    expect(hintedPackages(text)).toEqual(names);
  });
});

describe('the README', () => {
  it('has its commands in code blocks, with and without comments', () => {
    const text = '# T\n\n    npm run demo     # builds\n\n```\nnpm test\n```\n';
    expect(commandsOf(text)).toEqual(['npm run demo', 'npm test']);
  });

  it('tells its reader to type what is run on bare machines', async () => {
    expect(await readmeCommand('npm run demo')).toBe('npm run demo');
    expect(await readmeCommand('npm test')).toBe('npm test');
    await expect(readmeCommand('npm run dem')).rejects.toThrow('the README does not tell');
  });
});

describe('what commands print', () => {
  it('is counted where vitest counts', () => {
    const esc = String.fromCharCode(27);
    const text = ` Test Files  3 passed (3)\n${esc}[2m      Tests ${esc}[22m ${esc}[1m2 failed${esc}[22m | 1200 passed (1202)\n`;
    expect(counts(text)).toEqual({ failed: 2, passed: 1200 });
    expect(counts('no tests')).toEqual({});
  });

  it('stands in the failure', () => {
    expect(lastLines('a\n\nb\nc\n', 2)).toBe('b\nc');
    expect(() => mustSucceed('npm ci', { code: 0, text: '' })).not.toThrow();
    expect(() => mustSucceed('npm ci', { code: 3, text: 'why\n' })).toThrow(
      'npm ci ended with 3. Its last lines:\nwhy',
    );
  });
});

describe('the guest writes', () => {
  it('when its disk has grown by more than a format does by itself', () => {
    const grown = growth();
    expect(grown(new Map([['a.qcow2', 200_000]]))).toBeUndefined();
    expect(grown(new Map([['a.qcow2', 400_000]]))).toBeUndefined();
    expect(grown(new Map([['b.dsk', 9_000_000]]))).toBeUndefined();
    expect(grown(new Map([['a.qcow2', 600_000]]))).toBe('a.qcow2');
  });

  it('as the blocks on the disk say, not the size', async () => {
    const file = path.join(dir, 'web.dsk');
    writeFileSync(file, Buffer.alloc(300_000, 1));
    for (const other of ['web.log', 'efi.img']) {
      writeFileSync(path.join(dir, other), Buffer.alloc(300_000, 1));
    }
    const sizes = await diskBytes(dir);
    expect([...sizes.keys()]).toEqual([file]);
    expect(sizes.get(file)).toBeGreaterThanOrEqual(300_000);
    expect(await diskBytes(path.join(dir, 'missing'))).toEqual(new Map());
  });

  it('and is waited for until the signal', async () => {
    const stop = new AbortController();
    const waiting = firstWrite([dir], stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});

describe('of the machine outside', () => {
  it('apt keeps how a mirror is reached, nothing else', () => {
    const dump = [
      'Acquire "";',
      'Acquire::http "";',
      'Acquire::http::Proxy "http://proxy:3128";',
      'Acquire::Check-Valid-Until "false";',
      'Acquire::Languages "none";',
      'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";',
    ].join('\n');
    expect(neededAptSettings(dump)).toBe(
      'Acquire::http::Proxy "http://proxy:3128";\nAcquire::Check-Valid-Until "false";\n',
    );
  });

  it('the environment keeps proxies and certificates, and no secret', () => {
    const env = { https_proxy: 'http://p', NODE_EXTRA_CA_CERTS: '/x', OS_PASSWORD: 'secret' };
    expect(boxEnvironment(env, 'http://registry')).toEqual({
      https_proxy: 'http://p',
      npm_config_registry: 'http://registry',
      NODE_EXTRA_CA_CERTS: '/etc/ssl/certs/ca-certificates.crt',
    });
  });
});
