/** Where programs are looked up: a user's PATH has no sbin, and Debian keeps depmod there. */

const system = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** PATH with the system's own directories behind it, as far as it lacks them. */
export function searchPath(path: string | undefined = process.env.PATH): string {
  const given = (path || '/usr/local/bin:/usr/bin:/bin').split(':');
  return [...given, ...system.filter((dir) => !given.includes(dir))].join(':');
}
