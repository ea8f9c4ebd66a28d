/** Files beside others that Ozma has written, or the user: what is too long for one is none. */
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { tpmFailure } from '../../backends/libvirt/tpm-failure.ts';
import { limits } from '../../src/base/limits.ts';
import { readNote } from '../../src/base/read-bounded.ts';
import { readConfigFile } from '../../src/cli/os/script-config.ts';
import { loadOrCreateKey } from '../../src/customize/keys.ts';
import { hostSettings, knownHostKeys } from '../../src/customize/ssh-config.ts';
import { jeosRecordPath, readJeosRecord, writeJeosRecord } from '../../src/engine/jeos-record.ts';
import { acquireLock } from '../../src/media/lock.ts';
import { openPart, partPaths, writeRecord as writePart } from '../../src/media/part-file.ts';
import { parseRecord, recordPath, writeRecord } from '../../src/media/record.ts';
import { testDir } from '../media/support.ts';

const url = 'http://x.test/a.iso';

/** The same JSON, longer than a note may be. */
function pad(file: string, text: string): void {
  writeFileSync(file, text + ' '.repeat(limits.record));
}

it('a note is read up to the limit, and a device with it', async () => {
  const file = path.join(testDir(), 'note');
  writeFileSync(file, '{"a":1}'.padEnd(limits.record));
  expect(await readNote(file)).toEqual({ a: 1 });
  writeFileSync(file, '{"a":1}'.padEnd(limits.record + 1));
  await expect(readNote(file)).rejects.toThrow(`${file} is larger than 64 KiB`);
  await expect(readNote('/dev/zero')).rejects.toThrow('64 KiB');
});

it('a record of a kept file', async () => {
  const file = path.join(testDir(), 'a.iso');
  writeFileSync(file, 'content');
  const record = await writeRecord(file, { url, fetchedAt: '2026-01-01', digests: {} });
  expect(await parseRecord(file)).toMatchObject({ url });
  pad(recordPath(file), JSON.stringify(record));
  expect(await parseRecord(file)).toBeNull();
});

it('a record of an unfinished download', async () => {
  const paths = partPaths(path.join(testDir(), 'a.iso'));
  const begin = async () => {
    // Debian 13's users write for their group, and what others can write is not trusted.
    writeFileSync(paths.data, 'what came', { mode: 0o644 });
    const { handle, size } = await openPart(paths, new URL(url));
    await handle.close();
    return size;
  };
  await writePart(paths, new URL(url), { etag: '"1"' });
  expect(await begin()).toBe(9);
  const { urlKey } = (await readNote(paths.record)) as { urlKey: string };
  pad(paths.record, JSON.stringify({ urlKey, etag: '"1"' }));
  expect(await begin()).toBe(0);
});

it('a record of a kept installation', async () => {
  const file = path.join(testDir(), 'jeos.qcow2');
  writeFileSync(file, 'disk');
  await writeJeosRecord(file, []);
  const record = await readJeosRecord(file);
  expect(record).toMatchObject({ media: [] });
  pad(jeosRecordPath(file), JSON.stringify(record));
  expect(await readJeosRecord(file)).toBeNull();
});

it("who holds a lock, by a file's first bytes", async () => {
  const file = path.join(testDir(), 'a.lock');
  const lock = await acquireLock(file);
  const abort = new AbortController();
  const holder = () =>
    new Promise<number | null>((resolve) => {
      const { signal } = abort;
      acquireLock(file, { signal, onWait: resolve }).catch(() => {});
    });
  expect(await holder()).toBe(process.pid);
  writeFileSync(file, `${process.pid}${' '.repeat(1000)}`);
  expect(await holder()).toBeNull();
  abort.abort();
  await lock.release();
});

it('parameters of a script, and the private key', async () => {
  const io = { cwd: '/' } as never;
  await expect(readConfigFile('/dev/zero', io)).rejects.toThrow('larger than 1 MiB');
  const file = path.join(testDir(), 'key');
  writeFileSync(file, 'x'.repeat(limits.record + 1), { mode: 0o600 });
  await expect(loadOrCreateKey(file)).rejects.toThrow('larger than 64 KiB');
});

it.each(['config', 'known_hosts'])(
  "ssh's %s, without which a host may be mistaken",
  async (name) => {
    const directory = testDir();
    symlinkSync('/dev/zero', path.join(directory, name));
    const home = { directory, systemKnownHosts: '/nowhere', agent: undefined };
    const asked = name === 'config' ? hostSettings('h', home) : knownHostKeys('h', 22, home);
    await expect(asked).rejects.toMatchObject({
      code: 'OZ_SSH_BASTION',
      message: `Cannot use ${path.join(directory, name)}: it is larger than 16 MiB`,
    });
  },
);

it("a TPM's log, as libvirt names it", () => {
  const log = path.join(testDir(), 'log');
  const words = 'Could not open TPM state';
  const failure = `Could not run '/usr/bin/swtpm_setup'. Check error log '${log}'`;
  writeFileSync(log, `${words}\n`);
  expect(tpmFailure(failure)).toMatchObject({ words });
  writeFileSync(log, `${words}\n`.padEnd(limits.evidence + 1));
  expect(tpmFailure(failure)).toBeNull();
});
