/** What makes a booted system say its address on its console (base/announcement.ts), and is taken out again. */

const script = '/etc/build-announce.sh';
const unit = '/etc/systemd/system/build-announce.service';
const want = '/etc/systemd/system/multi-user.target.wants/build-announce.service';
const job = '/etc/cron.d/build-announce';

/** Seconds; a console that is in use may tear one announcement, not all. */
const interval = 5;

/**
 * Shell that says the address for ten minutes, or once with the argument `once`.
 * First serial ports, whatever the architecture calls them: the one that is logged.
 */
export function announceScript(name: string): string {
  return `#!/bin/sh
PATH=$PATH:/usr/sbin:/sbin
say() {
  dev=$(awk '$2 == "00000000" { print $1; exit }' "\${ROUTES:-/proc/net/route}")
  [ -n "$dev" ] || return 0
  address=$(ip -4 -o addr show dev "$dev" scope global |
    sed -n 's/.* inet \\([0-9.]*\\).*/\\1/p' | head -n 1)
  [ -n "$address" ] || return 0
  for port in \${PORTS:-/dev/ttyS0 /dev/ttyAMA0 /dev/hvc0 /dev/ttysclp0}; do
    [ ! -w "$port" ] || printf '\\r\\n!%s,%s!\\r\\n' "$address" '${name}' 2>/dev/null >>"$port"
  done
}
say
[ "\${1:-}" = once ] && exit 0
left=${600 / interval}
while [ $left -gt 0 ]; do
  sleep ${interval}
  say
  left=$((left - 1))
done
`;
}

const unitText = `[Unit]
Description=Say this machine's address on its console
After=network.target

[Service]
ExecStart=/bin/sh ${script}

[Install]
WantedBy=multi-user.target
`;

const jobText = `* * * * * root /bin/sh ${script} once\n`;

export interface AnnounceFiles {
  files: { path: string; text: string }[];
  link?: { path: string; target: string } | undefined;
}

/** `name` is in each announcement; it must need no quotes. */
export function announceFiles(name: string, systemd: boolean): AnnounceFiles {
  const text = announceScript(name);
  if (!systemd) {
    return {
      files: [
        { path: script, text },
        { path: job, text: jobText },
      ],
    };
  }
  return {
    files: [
      { path: script, text },
      { path: unit, text: unitText },
    ],
    link: { path: want, target: unit },
  };
}
