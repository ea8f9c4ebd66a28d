/**
 * How much is taken of what a guest, a server or a file claims, in one place. Each is far above
 * what is ever needed, and far below what a machine has: who says more is broken, or means harm.
 */
const mib = 1024 * 1024;

export const limits = {
  /** A TDL, a domain XML, an answer file, clouds.yaml: written by hand, or made by a program of the user's. */
  document: 5 * mib,
  /** oz.cfg, and a .treeinfo: some kilobytes. */
  settings: mib,
  /** A JSON answer of a cloud: lists come in pages, and a page of 1000 servers has some megabytes. */
  answer: 32 * mib,
  /** What an FTP server lists of all directories of an <extras>. */
  listing: 16 * mib,
  /** A guest's package list, unpacked: 50,000 packages with their versions and more are some megabytes. */
  packageList: 32 * mib,
  /** Steps and lines of output that a guest tells on its console. */
  consoleMessages: 500_000,
  /** What is copied of a console's log into the evidence: its end. */
  evidence: 16 * mib,
} as const;

/** A size for messages: `5 MiB`. */
export function inWords(bytes: number): string {
  return bytes % mib === 0 ? `${bytes / mib} MiB` : `${bytes} bytes`;
}
