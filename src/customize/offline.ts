/** Lets the build into a disk whose guest is not running (libguestfs, or ext-disk.ts). */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { OzError } from '../base/errors.ts';
import { type LedgerWriter, noLedger } from '../base/ledger-entry.ts';
import { makePassingDirectory } from '../base/passing-directory.ts';
import { parseUndo, type UndoStep, undoList, undoText } from './access-undo.ts';
import { announceFiles } from './announce.ts';
import { openExtDisk } from './ext-disk.ts';
import { type Guestfish, openGuestfish } from './guestfish.ts';
import { openFirewall } from './offline-firewall.ts';
import { labelAll, labels } from './offline-labels.ts';
import { hasSystemd, startSshd, systemdWants as wants } from './offline-sshd.ts';
import { readText, type WriteText } from './offline-text.ts';
import { keyBlob } from './seal.ts';

export interface OfflineOptions {
  /** `raw`, `qcow2`, …; by the file name's ending unless told, raw for any other. */
  format?: string | undefined;
  /** Whether to emulate the processor at once (no working KVM here); found out unless told. */
  emulate?: boolean | undefined;
  /** Whether programs of the system on the disk are to be run (guestfish's `sh`). */
  programs?: boolean | undefined;
  /** Knows of the files that it takes; none unless told. */
  ledger?: LedgerWriter | undefined;
  signal?: AbortSignal | undefined;
}

export interface UnlockOptions extends OfflineOptions {
  /** Have the system say its address on its console, under this name (the guest's UUID). */
  announceAs?: string | undefined;
}

const knownFormats = ['qcow2', 'qcow', 'vmdk', 'vdi', 'vpc', 'vhdx'];

function formatOf(disk: string): string {
  const ending = path.extname(disk).slice(1);
  return knownFormats.includes(ending) ? ending : 'raw';
}

/** Opens the disk, works in it, and closes it in any case. */
export async function inDisk<T>(
  disk: string,
  options: OfflineOptions,
  work: (fish: Guestfish, write: WriteText) => Promise<T>,
): Promise<T> {
  const format = options.format ?? formatOf(disk);
  const quick = options.emulate && !options.programs;
  const fish =
    (quick ? await openExtDisk(disk, format, options) : null) ??
    (await openGuestfish(disk, format, options));
  const dir = await makePassingDirectory(options.ledger ?? noLedger, tmpdir(), 'ozma-offline-');
  try {
    const write = async (file: string, text: string) => {
      const local = path.join(dir.path, 'content');
      await writeFile(local, text, { mode: 0o600 });
      await fish.command('upload', local, file);
    };
    const result = await work(fish, write);
    await fish.close();
    return result;
  } catch (error) {
    fish.kill();
    throw error;
  } finally {
    await dir.remove();
  }
}

const sshDir = '/root/.ssh';
const keysFile = `${sshDir}/authorized_keys`;
const dropInDir = '/etc/ssh/sshd_config.d';
const dropIn = `${dropInDir}/00-build-access.conf`;
const sshdConfig = '/etc/ssh/sshd_config';
/** Where newer SUSE systems have it, unless there is the other one. */
const vendorConfig = '/usr/etc/ssh/sshd_config';

/** The first value that sshd reads counts, so this goes to the top. Forwarding is for tunnel.ts. */
const sshdSettings = [
  'PermitRootLogin yes',
  'PubkeyAuthentication yes',
  `AuthorizedKeysFile ${keysFile}`,
  'AllowTcpForwarding yes',
  '',
].join('\n');

async function placeKey(fish: Guestfish, write: WriteText, publicKey: string): Promise<void> {
  if (!(await fish.is('is-dir', sshDir))) await fish.command('mkdir-mode', sshDir, '0700');
  const known = await fish.is('is-file', keysFile);
  const text = known ? await fish.command('cat', keysFile) : '';
  if (text.includes(keyBlob(publicKey))) return;
  const gap = text === '' || text.endsWith('\n') ? '' : '\n';
  await write(keysFile, `${text}${gap}${publicKey}\n`);
  if (!known) await fish.command('chmod', '0600', keysFile);
}

/** A drop-in where sshd_config reads such, else new lines on top of a saved sshd_config. */
async function permitRoot(fish: Guestfish, write: WriteText): Promise<UndoStep[]> {
  const own = await fish.is('is-file', sshdConfig);
  const config = await readText(fish, own ? sshdConfig : vendorConfig);
  const includes = /^\s*Include\s+\/etc\/ssh\/sshd_config\.d\/\*\.conf/im.exec(config);
  const before = includes ? config.slice(0, includes.index) : '';
  const effective = before.split('\n').some((line) => /^\s*(PermitRootLogin|Match)\b/i.test(line));
  if (includes && !effective) {
    const hadDir = await fish.is('is-dir', dropInDir);
    if (!hadDir) await fish.command('mkdir-mode', dropInDir, '0755');
    await write(dropIn, sshdSettings);
    await fish.command('chmod', '0600', dropIn);
    return [
      { verb: 'rm', path: dropIn },
      ...(hadDir ? [] : [{ verb: 'rmdir' as const, path: dropInDir }]),
    ];
  }
  if (!own) {
    await write(sshdConfig, `${sshdSettings}${config}`);
    return [{ verb: 'rm', path: sshdConfig }];
  }
  const saved = `${sshdConfig}.build-saved`;
  if (!(await fish.is('is-file', saved))) await fish.command('cp-a', sshdConfig, saved);
  const original = await readText(fish, saved);
  await write(sshdConfig, `${sshdSettings}${original}`);
  return [{ verb: 'mv', path: saved, target: sshdConfig }];
}

/** A system whose host keys were removed needs some before sshd starts. */
async function hasHostKeys(fish: Guestfish): Promise<boolean> {
  return (await fish.command('glob-expand', '/etc/ssh/ssh_host_*_key')).trim() !== '';
}

/**
 * Makes the installed system on the disk let root in by this key at its next
 * boot. Sealing in the running guest takes it all back.
 * Takes a second where ext-disk.ts can do it, 15 to 75 s in an emulated appliance. Throws OZ_OFFLINE.
 */
export async function offlineUnlock(
  disk: string,
  publicKey: string,
  options: UnlockOptions = {},
): Promise<void> {
  await inDisk(disk, options, async (fish, write) => {
    if (!(await fish.is('is-file', '/usr/sbin/sshd'))) {
      throw new OzError('OZ_OFFLINE', `Cannot get into ${disk}: the system on it has no sshd`, {
        hint: 'an image is customized over SSH: install openssh-server in it first',
      });
    }
    // A run that was cut off left its list: what that one changed stays noted.
    const earlier = parseUndo(await readText(fish, undoList));
    await placeKey(fish, write, publicKey);
    const undo = [
      ...(await permitRoot(fish, write)),
      ...(await startSshd(fish)),
      ...(await openFirewall(fish, write)),
      ...(await makeHostKeys(fish, write)),
      ...(options.announceAs ? await placeAnnouncement(fish, write, options.announceAs) : []),
    ];
    const lines = [...earlier, ...undo];
    const once = [...new Map(lines.map((step) => [`${step.verb} ${step.path}`, step])).values()];
    await write(undoList, undoText(once));
    await fish.command('chmod', '0600', undoList);
    if (await labels(fish)) {
      const ours = [sshDir, keysFile, dropInDir, dropIn, sshdConfig, keygenUnit, undoList];
      // what was put aside has kept its own
      const made = undo.filter(({ verb }) => verb === 'rm').map((step) => step.path);
      await labelAll(fish, [...ours, ...made]);
    }
  });
}

/** A unit where there is systemd, else a job of cron, as in Oz; nothing where there is neither. */
async function placeAnnouncement(
  fish: Guestfish,
  write: WriteText,
  name: string,
): Promise<UndoStep[]> {
  const systemd = await hasSystemd(fish);
  if (!systemd && !(await fish.is('is-dir', '/etc/cron.d'))) return [];
  const { files, link } = announceFiles(name, systemd);
  for (const { path: file, text } of files) {
    await write(file, text);
    await fish.command('chmod', '0644', file); // cron leaves other modes alone
  }
  if (link) {
    await fish.command('mkdir-p', wants);
    await fish.command('ln-sf', link.target, link.path);
  }
  const made = [...(link ? [link] : []), ...files];
  return made.map(({ path: file }) => ({ verb: 'rm', path: file }));
}

const keygenUnit = '/etc/systemd/system/build-host-keys.service';
const keygenWant = `${wants}/build-host-keys.service`;

async function makeHostKeys(fish: Guestfish, write: WriteText): Promise<UndoStep[]> {
  if (await hasHostKeys(fish)) return [];
  const has = await fish.is('is-file', '/etc/systemd/system/ssh-host-keys.service');
  if (has || !(await hasSystemd(fish))) return [];
  const text = [
    '[Unit]',
    'Description=Make the SSH host keys that are missing',
    'RequiresMountsFor=/etc/ssh',
    'Before=ssh.service sshd.service',
    '',
    '[Service]',
    'Type=oneshot',
    'ExecStart=/usr/bin/ssh-keygen -A',
    '',
  ].join('\n');
  await write(keygenUnit, text);
  await fish.command('mkdir-p', wants);
  await fish.command('ln-sf', keygenUnit, keygenWant);
  return [
    { verb: 'rm', path: keygenWant },
    { verb: 'rm', path: keygenUnit },
  ];
}
