/** The last thing done in a guest: every trace of the build is removed, then it powers off. */
import { codeOf, OzError } from '../base/errors.ts';
import { type Script, scriptCommand } from './script.ts';
import { sealerNamed } from './seal/index.ts';
import type { Session } from './session.ts';
import { sealWindows } from './windows.ts';

/** The base64 part of an OpenSSH line: what tells one key from another. */
export function keyBlob(publicKey: string): string {
  return publicKey.trim().split(/\s+/)[1] ?? '';
}

/**
 * Under systemd the last part is a unit's ExecStop: started before nearly
 * everything else, as its ordering says, it is stopped after it. So what is
 * written on the way down (leases, the random seed, wtmp, the services' last
 * lines in the journal) is removed as well. Everything here is in /run and is
 * gone after the power-off.
 */
const unit = `[Unit]
Description=Finish the image
DefaultDependencies=no
After=local-fs.target tmp.mount var.mount var-log.mount var-tmp.mount home.mount boot.mount
Before=sysinit.target systemd-random-seed.service systemd-update-utmp.service systemd-journal-flush.service
Before=systemd-timesyncd.service networking.service systemd-networkd.service systemd-resolved.service
Before=shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=/bin/sh /run/finish-image.sh
TimeoutStopSec=300
`;

/** Printed once nothing that matters can fail any more. */
const sealedMark = 'sealed, going down';

/**
 * Arranges for the last part to run once the session has gone, and for the
 * power-off. `wait` is shell text that is done before it. Systems from before
 * 2011 have no /run. What OpenRC's init has stopped it doesn't stop again, so
 * that no random seed is saved after the last part.
 */
function finish(last: string, wait: string): string {
  return `
umask 077
finish=/run/finish-image.sh
[ -d /run ] || finish=/var/run/finish-image.sh
export finish
cat >"$finish" <<'END-OF-LAST-PART'
${last}
END-OF-LAST-PART
if [ -d /run/systemd/system ]; then
  cat >/run/systemd/system/finish-image.service <<'END-OF-UNIT'
${unit}END-OF-UNIT
  chmod 644 /run/systemd/system/finish-image.service
  systemctl daemon-reload
  systemctl start finish-image.service
  setsid sh -c '${wait}
    exec systemctl poweroff' </dev/null >/dev/null 2>&1 &
else
  setsid sh -c '${wait}
    for daemon in rsyslog syslog sysklogd syslog-ng cron crond seedrng urandom; do
      [ ! -x "/etc/init.d/$daemon" ] || "/etc/init.d/$daemon" stop
    done
    sh "$finish"
    rm -f "$finish"
    poweroff || shutdown -h -P now
  ' </dev/null >/dev/null 2>&1 &
fi
`;
}

/** The session must be able to end first. */
const sessionEnds = 'sleep 2';

const prologue = `set -eu
HOME=\${HOME:-/root}
PATH=$PATH:/usr/sbin:/sbin
`;

/** Removes what must be gone; "$1" is the base64 part of the build's public key. */
export function sealFirst(kind: string, publicKey: string | undefined): Script {
  const text = `${prologue}key=$1\n${sealerNamed(kind).first}`;
  return { text, args: [publicKey ? keyBlob(publicKey) : ''] };
}

/** Has the guest do the rest on its way down, which begins when `wait` (shell text) is done. */
export function sealLast(kind: string, wait: string = sessionEnds): Script {
  const { last, powerOff = finish } = sealerNamed(kind);
  return { text: `${prologue}${powerOff(last, wait)}` };
}

/** Both in one script. */
export function sealScript(kind: string, publicKey: string | undefined): Script {
  const first = sealFirst(kind, publicKey);
  return { ...first, text: `${first.text}\n${sealLast(kind).text}\necho ${sealedMark}` };
}

/**
 * Seals the guest and has it power off; the session is closed when this
 * returns, the guest goes down a moment later. Throws OZ_SEAL_FAILED with what
 * the guest said when access could not be removed.
 */
export async function sealAndPowerOff(
  session: Session,
  kind: string,
  options: { publicKey?: string | undefined; signal?: AbortSignal | undefined },
): Promise<void> {
  const { command, input } =
    kind === 'windows'
      ? { command: sealWindows(keyBlob(options.publicKey ?? '')), input: '' }
      : scriptCommand(sealScript(kind, options.publicKey));
  let sealed = false;
  try {
    const { code, stdout, stderr } = await session.run(command, {
      input,
      signal: options.signal,
      okCodes: 'any',
      onOutput: (_, line) => {
        sealed ||= line === sealedMark;
      },
    });
    if (code !== 0) throw sealFailed(code, stderr.trim() || stdout.trim());
  } catch (error) {
    // A guest that is quick to go down may take the connection with it; one that
    // went away before has not been sealed.
    if (codeOf(error) !== 'OZ_SSH_LOST' || !sealed) throw error;
  }
  await session.close();
}

export function sealFailed(code: number, output: string): OzError {
  const tail = output.split('\n').slice(-5).join('\n');
  return new OzError(
    'OZ_SEAL_FAILED',
    `Cannot seal the image: its last steps ended with exit code ${code}${tail ? `: ${tail}` : ''}`,
    { hint: 'the image still lets the build in and must not be used' },
  );
}
