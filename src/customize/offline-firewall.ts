/**
 * Lets SSH through the firewall of a disk's system, where that is closed to it.
 * As little as possible is changed: the TDL's commands may open other ports.
 */
import type { UndoStep } from './access-undo.ts';
import type { Guestfish } from './guestfish.ts';
import { readText, type WriteText } from './offline-text.ts';

/** Keeps the file beside itself, so that sealing can put it back. */
async function save(fish: Guestfish, file: string): Promise<UndoStep> {
  const saved = `${file}.build-saved`;
  if (!(await fish.is('is-file', saved))) await fish.command('cp-a', file, saved);
  return { verb: 'mv', path: saved, target: file };
}

const tables = '/etc/sysconfig/iptables';

/** The service of Red Hat's systems before firewalld; without rules it lets everything through. */
async function openIptables(fish: Guestfish): Promise<UndoStep[]> {
  const rules = await readText(fish, tables);
  const closed = /^-A .*-j (REJECT|DROP)\b|^:INPUT DROP\b/m.test(rules);
  if (!closed || /--dports? (\S*,)?(22|ssh)\b.*-j ACCEPT\b/.test(rules)) return [];
  const undo = await save(fish, tables);
  await fish.command('rm-f', tables);
  return [undo];
}

const susefirewall = '/etc/sysconfig/SuSEfirewall2';

/** SUSE's before firewalld: settings, of which the last ones count. */
async function openSuseFirewall(fish: Guestfish, write: WriteText): Promise<UndoStep[]> {
  const settings = await readText(fish, susefirewall);
  const open = /^FW_(CONFIGURATIONS_EXT|SERVICES_EXT_TCP)="[^"]*\b(sshd?|22)\b/m.test(settings);
  if (settings === '' || open) return [];
  const undo = await save(fish, susefirewall);
  const line = 'FW_CONFIGURATIONS_EXT="$FW_CONFIGURATIONS_EXT sshd"';
  await write(susefirewall, `${settings.replace(/\n?$/, '\n')}${line}\n`);
  return [undo];
}

const firewalld = '/etc/firewalld';

/** The zone of interfaces that are in no other one. */
async function openFirewalld(fish: Guestfish, write: WriteText): Promise<UndoStep[]> {
  const settings = await readText(fish, `${firewalld}/firewalld.conf`);
  const zone = /^DefaultZone=([\w.-]+)/m.exec(settings)?.[1];
  if (!zone) return [];
  const file = `${firewalld}/zones/${zone}.xml`;
  const own = await readText(fish, file);
  const text = own || (await readText(fish, `/usr/lib/firewalld/zones/${zone}.xml`));
  if (!text.includes('</zone>') || /<service\s+name="ssh"/.test(text)) return [];
  if (/^<zone\b[^>]*\btarget="ACCEPT"/m.test(text)) return [];
  const undo: UndoStep = own === '' ? { verb: 'rm', path: file } : await save(fish, file);
  await fish.command('mkdir-p', `${firewalld}/zones`);
  await write(file, text.replace('</zone>', '  <service name="ssh"/>\n</zone>'));
  return [undo];
}

export async function openFirewall(fish: Guestfish, write: WriteText): Promise<UndoStep[]> {
  return [
    ...(await openIptables(fish)),
    ...(await openSuseFirewall(fish, write)),
    ...(await openFirewalld(fish, write)),
  ];
}
