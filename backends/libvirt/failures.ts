/** The one place that words libvirt's failures for users. */
import { installHint, missingHint } from '../../src/base/debian-packages.ts';
import { messageOf, OzError } from '../../src/base/errors.ts';
import { withoutCredentials } from '../../src/base/secrets.ts';
import { lacksDriver } from './driver-file.ts';
import { vir } from './ffi.ts';
import { findGuestDaemon } from './find-daemon.ts';
import { CallFailure, LibraryMissing } from './threads.ts';
import { tpmFailure } from './tpm-failure.ts';
import { readUri } from './uri.ts';

/** The daemon's package brings the library; another host's daemon needs the library alone. */
function libraryHint(uri: string): string {
  const daemonToo = !readUri(uri).remote && findGuestDaemon() === null;
  return missingHint(daemonToo ? 'libvirtd' : 'libvirt.so.0');
}

function daemonHint(uri: string): string {
  const { path, remote } = readUri(uri);
  if (remote) return 'look whether that host can be reached and runs libvirt';
  if (path !== '/system') return missingHint('libvirtd');
  const inOzCfg = 'or use uri = qemu:///session in [libvirt] of oz.cfg';
  return findGuestDaemon() === null
    ? `${installHint('libvirt-daemon-system')}, ${inOzCfg}`
    : `start it (systemctl start libvirtd), ${inOzCfg}, which needs none`;
}

/** Open failures by libvirt's error number, most of them also told apart by text. */
function openFailure(failure: CallFailure['failure'], uri: string): { code: string; hint: string } {
  const { error } = vir;
  const { code, message } = failure;
  if (
    code === error.authFailed ||
    code === error.authCancelled ||
    code === error.authUnavailable ||
    /authenticat|polkit/i.test(message)
  ) {
    return {
      code: 'OZ_LIBVIRT_AUTH',
      hint: 'join the libvirt group (adduser USER libvirt), or use uri = qemu:///session in [libvirt] of oz.cfg',
    };
  }
  if (code === error.accessDenied || /permission denied/i.test(message)) {
    return {
      code: 'OZ_LIBVIRT_DENIED',
      hint: 'join the libvirt group (adduser USER libvirt), or use uri = qemu:///session in [libvirt] of oz.cfg',
    };
  }
  if (
    readUri(uri).remote ||
    code === error.unknownHost ||
    code === error.ssh ||
    code === error.libssh
  ) {
    return { code: 'OZ_LIBVIRT_UNREACHABLE', hint: daemonHint(uri) };
  }
  // Of a text without scheme libvirt says the same, and installing a driver would not help.
  if (readUri(uri).driver !== '' && /no connection driver available/i.test(message)) {
    return {
      code: 'OZ_LIBVIRT_NO_DRIVER',
      hint: lacksDriver()
        ? installHint('libvirt-daemon-driver-qemu')
        : 'end that daemon: it was started before its driver was installed',
    };
  }
  if (/no such file or directory|connection refused|cannot find .*libvirtd/i.test(message)) {
    return { code: 'OZ_LIBVIRT_NO_DAEMON', hint: daemonHint(uri) };
  }
  return {
    code: 'OZ_LIBVIRT_NO_CONNECTION',
    hint: 'check uri in [libvirt] of oz.cfg; virsh -c URI version tries the same',
  };
}

/** Whether the error says that a domain, volume, pool or network isn't there. */
export function isGone(error: unknown): boolean {
  const cause = error instanceof OzError ? error.cause : error;
  const gone: number[] = [
    vir.error.noDomain,
    vir.error.noStoragePool,
    vir.error.noStorageVol,
    vir.error.noNetwork,
  ];
  return cause instanceof CallFailure && gone.includes(cause.failure.code);
}

/** Whether the error says that QEMU no longer answers: most often it has just ended. */
export function isMonitorFailure(error: unknown): boolean {
  const cause = error instanceof OzError ? error.cause : error;
  return cause instanceof CallFailure && /\bmonitor\b/i.test(cause.failure.message);
}

/**
 * Whether a call may have failed because QEMU is just ending: its monitor, its namespaces, its
 * files go one after the other, and libvirt words each of them differently.
 */
export function mayBeAnEnd(error: unknown): boolean {
  const signs: (number | undefined)[] = [
    vir.error.internal,
    vir.error.operationFailed,
    vir.error.system,
  ];
  return isMonitorFailure(error) || signs.includes(libvirtCode(error));
}

/** Whether the error says that the daemon no longer answers. */
export function isDisconnected(error: unknown): boolean {
  const cause = error instanceof OzError ? error.cause : error;
  // "Unable to read from monitor: Connection reset by peer" is QEMU's end, told by the daemon.
  if (!(cause instanceof CallFailure) || isMonitorFailure(cause)) return false;
  const { code, message } = cause.failure;
  return (
    code === vir.error.invalidConn ||
    code === vir.error.rpc ||
    /client socket is closed|end of file while reading data|connection (was )?(closed|reset)|broken pipe|keepalive/i.test(
      message,
    )
  );
}

/** libvirt's error number, if the error came from there. */
export function libvirtCode(error: unknown): number | undefined {
  const cause = error instanceof OzError ? error.cause : error;
  return cause instanceof CallFailure ? cause.failure.code : undefined;
}

/** Words a failed attempt to connect. */
export function connectFailure(error: unknown, uri: string): OzError {
  const shown = withoutCredentials(uri);
  if (error instanceof LibraryMissing) {
    // the loader names no file where there is none
    const [line = ''] = error.message.split('\n');
    const why = /no such file/i.test(line) ? 'its library is not installed' : line;
    return new OzError('OZ_LIBVIRT_MISSING', `Cannot load libvirt: ${why}`, {
      hint: libraryHint(uri),
      cause: error,
    });
  }
  if (error instanceof CallFailure) {
    const { code, hint } = openFailure(error.failure, uri);
    return new OzError(
      code,
      `Cannot connect to ${shown}: ${error.failure.message.replaceAll(uri, shown)}`,
      { hint, cause: error },
    );
  }
  return new OzError(
    'OZ_LIBVIRT_NO_CONNECTION',
    `Cannot connect to ${shown}: ${messageOf(error)}`,
    {
      cause: error,
    },
  );
}

const lessMemory = 'give the guest less memory ([libvirt] memory in oz.cfg)';

/** What to do about a failed call, by libvirt's number. */
const callHints: Readonly<Record<number, string>> = {
  [vir.error.domExist]: 'give the guest another name, or remove the old one with oz-install -p',
  [vir.error.noMemory]: lessMemory,
};

/** The same by its words, which tell more. */
const toldHints: readonly (readonly [words: RegExp, hint: string])[] = [
  [
    /permission denied/i,
    'the user that QEMU runs as must be able to read the files and search their directories',
  ],
  [/cannot set up guest memory|cannot allocate memory/i, lessMemory],
  [/virtlogd-sock/, missingHint('virtlogd')],
  [
    /firmware to satisfy 'efi'|'efi' firmware/,
    `${installHint('ovmf')}, for Arm guests qemu-efi-aarch64`,
  ],
];

function callHint(message: string): string | undefined {
  const told = toldHints.find(([words]) => words.test(message))?.[1];
  // libvirt looks for the programs that it starts in PATH, and names them
  const program = /(?:find|execute)[^']*'([\w.-]+)'[^']*\bpath\b/i.exec(message)?.[1];
  return told ?? (program && missingHint(program));
}

/** Words a failed call; `action` reads like "start guest x". OzErrors and aborts pass unchanged. */
export function callFailure(error: unknown, action: string): unknown {
  if (!(error instanceof CallFailure)) return error;
  const { code, message } = error.failure;
  const tpm = tpmFailure(message);
  if (tpm) {
    const { words, hint } = tpm;
    return new OzError('OZ_LIBVIRT_TPM', `Cannot ${action}: its TPM can't be made: ${words}`, {
      hint,
      cause: error,
    });
  }
  const hint = callHint(message) ?? callHints[code];
  return new OzError('OZ_LIBVIRT_FAILED', `Cannot ${action}: ${message}`, { hint, cause: error });
}
