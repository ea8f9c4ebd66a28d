/** Words, and what to do, for the system's errors (errno) that reach a user. */
import { getSystemErrorMap } from 'node:util';
import { codeOf, messageOf, OzError } from './errors.ts';

interface Words {
  why: string;
  /** What helps wherever it happens; absent: to look at the place. */
  hint?: string;
}

const room = 'make room there, or set another directory in oz.cfg ([paths])';
const files = 'raise the limit in this shell: ulimit -n 4096';
const readOnly = 'remount it writable, or set another directory in oz.cfg ([paths])';
const hardware = 'look at the kernel log (dmesg): the disk or the connection to it may be broken';

const words: Readonly<Record<string, Words>> = {
  EACCES: { why: 'permission denied' },
  EPERM: { why: 'permission denied' },
  EROFS: { why: 'the file system is read-only', hint: readOnly },
  ENOSPC: { why: 'the file system is full', hint: room },
  EDQUOT: { why: 'the disk quota is used up', hint: room },
  EFBIG: { why: 'the file system takes no file that large' },
  ENAMETOOLONG: {
    why: 'the name is too long for the file system',
    hint: 'choose a shorter name',
  },
  ELOOP: { why: 'it is a link, or links that lead in a circle' },
  ENOENT: { why: 'it is not there' },
  ENOTDIR: { why: 'a file is where a directory is needed' },
  EISDIR: { why: 'a directory is where a file is needed' },
  EEXIST: { why: 'something of that name is there already' },
  ENOTEMPTY: { why: 'the directory is not empty' },
  EXDEV: { why: 'it is on another file system' },
  EMLINK: { why: 'it has too many links' },
  EMFILE: { why: 'this process has too many files open', hint: files },
  ENFILE: {
    why: 'the system has too many files open',
    hint: 'end other programs, or raise fs.file-max with sysctl',
  },
  EIO: { why: 'the device reports an error', hint: hardware },
  ENXIO: { why: 'nobody is at the other end, or there is no such device' },
  ENODEV: { why: 'there is no such device' },
  EBUSY: { why: 'it is in use by something else', hint: 'see what uses it: fuser -v on its path' },
  ETXTBSY: { why: 'it is a program that is running' },
  ENOMEM: { why: 'there is not enough memory', hint: 'end other programs, or add swap' },
  EAGAIN: {
    why: 'the system has no room for more processes now',
    hint: 'raise the limit in this shell: ulimit -u 4096; or run fewer builds at a time',
  },
  EINVAL: { why: 'the file system does not take that' },
  ENOTSUP: { why: "the file system can't do that" },
  EOPNOTSUPP: { why: "the file system can't do that" },
  ENOSYS: { why: "this system can't do that" },
  ESTALE: { why: 'the network file system has lost it', hint: 'mount it again' },
  ENOTCONN: { why: "the file system's server is gone", hint: 'mount it again' },
  EHOSTDOWN: { why: "the file system's server is down", hint: 'mount it again' },
  EREMOTEIO: { why: 'the remote file system reports an error', hint: hardware },
  EPIPE: { why: 'whoever was to read it is gone' },
};

/** The description that the C library has, for those that nobody has thought of. */
function describedBySystem(error: unknown): string | undefined {
  const { errno } = error as { errno?: unknown };
  return typeof errno === 'number' ? getSystemErrorMap().get(errno)?.[1] : undefined;
}

/** Why the system refused, in words; undefined for anything else than its errors. */
export function systemWhy(error: unknown): string | undefined {
  const code = codeOf(error);
  if (error instanceof OzError || code === undefined) return undefined;
  return words[code]?.why ?? describedBySystem(error);
}

/** The same, or the text of whatever was thrown. */
export const whyOf = (error: unknown): string => systemWhy(error) ?? messageOf(error);

/** What to do about it; `otherwise` where that depends on the place. */
export function systemHint(error: unknown, otherwise: string): string {
  return words[codeOf(error) ?? '']?.hint ?? otherwise;
}

/** What a system call does, for people. */
const doing: Readonly<Record<string, string>> = {
  open: 'open',
  mkdir: 'make the directory',
  mkdtemp: 'make a directory like',
  scandir: 'look into',
  opendir: 'look into',
  stat: 'look at',
  lstat: 'look at',
  access: 'use',
  statfs: 'look at the file system of',
  read: 'read',
  write: 'write',
  readlink: 'follow the link',
  realpath: 'find',
  unlink: 'remove',
  rm: 'remove',
  rmdir: 'remove',
  rename: 'rename',
  copyfile: 'copy',
  link: 'link',
  symlink: 'make the link',
  chmod: 'change the mode of',
  chown: 'change the owner of',
  fsync: 'write to the disk',
  ftruncate: 'change the size of a file',
  utime: 'change the time of',
  listen: 'listen on',
  bind: 'listen on',
  connect: 'connect to',
};

/** A system's error that nobody has said more of: what was done, to what, and why not. */
export function systemError(error: unknown): OzError | undefined {
  const why = systemWhy(error);
  if (why === undefined) return undefined;
  const { syscall = '', path, dest } = error as NodeJS.ErrnoException & { dest?: string };
  const started = /^spawn (.+)/.exec(syscall)?.[1];
  const where = started ? undefined : (dest ?? path);
  const what = started ? `start ${started}` : where ? (doing[syscall] ?? 'use') : 'go on';
  const hint = where ? `check ${where}` : 'run it again with -d3 to see where it happened';
  return new OzError('OZ_SYSTEM', `Cannot ${where ? `${what} ${where}` : what}: ${why}`, {
    hint: systemHint(error, hint),
    cause: error,
  });
}
