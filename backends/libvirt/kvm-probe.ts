/**
 * Finds out whether KVM runs guests here: some machines have a /dev/kvm in
 * which every real kernel hangs. Asked once per boot of the host, QEMU and
 * user; the answer is kept in the cache directory.
 */

import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeFileAtomic } from '../../src/base/atomic-file.ts';
import { messageOf } from '../../src/base/errors.ts';
import type { LedgerEntry } from '../../src/base/ledger-entry.ts';
import { makeDirectory } from '../../src/base/make-directory.ts';
import { makePassingDirectory } from '../../src/base/passing-directory.ts';
import { readNote } from '../../src/base/read-bounded.ts';
import type { BackendContext } from '../backend.ts';
import type { Connection } from './connection.ts';
import { toXml, xmlElement } from './domain-xml.ts';
import { vir } from './ffi.ts';
import { probeImage } from './kvm-probe-program.ts';
import { holdLogDaemon } from './root-daemon.ts';

export interface KvmVerdict {
  works: boolean;
  /** Why not, for humans. */
  reason?: string | undefined;
  /** When to ask again, in milliseconds since 1970; absent: after the next boot. */
  until?: number | undefined;
}

/** A machine that runs the probe at all needs a second; ten times that on a busy one. */
const probeTimeout = 10_000;

/** A host may just have been too busy: such an answer is kept for a day, others until it restarts. */
const timeoutKeptFor = 24 * 3600_000;

async function probeKey(connection: Connection): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => 'unknown');
  const version = await connection.call('ask for the version', 'version', []);
  return [boot.trim(), version, process.getuid?.() ?? '', connection.uri.split('?')[0]].join(' ');
}

function probeXml(name: string, uuid: string, image: string): string {
  return toXml(
    xmlElement('domain', { type: 'kvm' }, [
      xmlElement('name', {}, [name]),
      xmlElement('uuid', {}, [uuid]),
      xmlElement('memory', { unit: 'MiB' }, ['64']),
      xmlElement('vcpu', {}, ['1']),
      xmlElement('os', {}, [
        xmlElement('type', { arch: 'x86_64' }, ['hvm']),
        xmlElement('boot', { dev: 'hd' }),
      ]),
      xmlElement('features', {}, [xmlElement('acpi'), xmlElement('apic')]),
      xmlElement('cpu', { mode: 'host-passthrough' }),
      // A fault resets the guest, and then it never powers off: that is a failure.
      xmlElement('on_poweroff', {}, ['destroy']),
      xmlElement('on_reboot', {}, ['restart']),
      xmlElement('on_crash', {}, ['destroy']),
      xmlElement('devices', {}, [
        xmlElement('disk', { type: 'file', device: 'disk' }, [
          xmlElement('driver', { name: 'qemu', type: 'raw' }),
          xmlElement('source', { file: image }),
          xmlElement('target', { dev: 'vda', bus: 'virtio' }),
          xmlElement('readonly'),
        ]),
        xmlElement('memballoon', { model: 'none' }),
      ]),
    ]),
  );
}

/** Resolves when the probe has powered off, or with what it did instead. */
function verdictOf(connection: Connection, uuid: string, signal?: AbortSignal) {
  let timer: NodeJS.Timeout | undefined;
  let off = () => {};
  const verdict = new Promise<KvmVerdict>((resolve, reject) => {
    const bad = (reason: string) => resolve({ works: false, reason });
    timer = setTimeout(
      () =>
        resolve({
          works: false,
          reason: `a test guest was not done after ${probeTimeout / 1000} s`,
          until: Date.now() + timeoutKeptFor,
        }),
      probeTimeout,
    );
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    off = connection.onDomain(uuid, (event) => {
      if (event.kind === 'connection-lost') bad('the connection was lost');
      if (event.kind !== 'lifecycle') return;
      if (event.event === vir.event.suspended) bad('a test guest was stopped by an internal error');
      if (event.event === vir.event.crashed) bad('a test guest crashed');
      if (event.event === vir.event.stopped) {
        if (event.detail === vir.stopped.shutdown) resolve({ works: true });
        else bad('a test guest crashed');
      }
    });
  });
  verdict.catch(() => {}); // awaited after the domain is made
  return {
    verdict,
    end() {
      clearTimeout(timer);
      off();
    },
  };
}

async function runProbe(
  connection: Connection,
  context: BackendContext,
  hold: typeof holdLogDaemon,
  signal?: AbortSignal,
): Promise<KvmVerdict> {
  // QEMU may run as another user
  const dir = await makePassingDirectory(context.ledger, tmpdir(), 'ozma-kvm-', 0o755);
  const name = path.basename(dir.path);
  const uuid = randomUUID();
  const entry: LedgerEntry = { place: 'libvirt', kind: 'domain', ref: name, at: connection.uri };
  const image = path.join(dir.path, 'probe.img');
  const { verdict, end } = verdictOf(connection, uuid, signal);
  let release = () => {};
  try {
    await writeFile(image, probeImage(), { mode: 0o644 });
    // As for every guest: without it, root's libvirt on a machine without systemd starts none.
    release = await hold(signal);
    context.ledger.add(entry);
    await connection.call('try KVM', 'createDomain', [probeXml(name, uuid, image)]);
    return await verdict;
  } catch (error) {
    if (signal?.aborted) throw error;
    // No word on KVM: something else is missing, and may be there the next time.
    return { works: false, reason: messageOf(error), until: 0 };
  } finally {
    end();
    release();
    await connection.call('end the KVM test', 'destroyDomain', [uuid]).catch(() => {});
    context.ledger.drop(entry);
    await dir.remove();
  }
}

/** Whether domain type kvm is worth using for x86 guests on this machine. */
export async function kvmWorks(
  connection: Connection,
  cacheDir: string,
  context: BackendContext,
  signal?: AbortSignal,
  hold = holdLogDaemon,
): Promise<KvmVerdict> {
  const file = path.join(cacheDir, 'kvm-probe.json');
  const key = await probeKey(connection);
  try {
    const kept = (await readNote(file)) as KvmVerdict & { key?: string };
    const fresh = kept.key === key && Date.now() < (kept.until ?? Number.POSITIVE_INFINITY);
    if (fresh && typeof kept.works === 'boolean') {
      return { works: kept.works, reason: kept.reason };
    }
  } catch {
    // nothing kept, or nothing usable: ask again
  }
  const started = Date.now();
  const verdict = await runProbe(connection, context, hold, signal);
  context.log(
    `KVM ${verdict.works ? 'works' : `is there but does not run guests: ${verdict.reason}`} (asked for ${Date.now() - started} ms, kept in ${file}; [libvirt] type in oz.cfg overrides)`,
  );
  try {
    await makeDirectory(cacheDir);
    await writeFileAtomic(file, `${JSON.stringify({ key, ...verdict }, null, 2)}\n`);
  } catch (error) {
    context.log(`cannot keep the answer about KVM: ${messageOf(error)}`);
  }
  return verdict;
}
