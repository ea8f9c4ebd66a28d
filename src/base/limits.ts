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
  /** A file of the osinfo database, or a stylesheet that one names: the longest has 23 kB. */
  database: 2 * mib,
  /** pci.ids and usb.ids: they have 1.4 MB, and grow. */
  hardwareIds: 16 * mib,
  /** Certificates to trust, or of the user's own: the bundles of distributions have 250 kB. */
  certificates: 16 * mib,
  /** An ISO or another whole medium: the largest disc has 128 GB. */
  medium: 256 * 1024 * mib,
  /** A kernel or an initrd: those of live systems have some 100 MiB. */
  bootFile: 4096 * mib,
  /** A JSON answer of a cloud: lists come in pages, and a page of 1000 servers has some megabytes. */
  answer: 32 * mib,
  /** What an FTP server lists of all directories of an <extras>. */
  listing: 16 * mib,
  /** A guest's package list, unpacked: 50,000 packages with their versions and more are some megabytes. */
  packageList: 32 * mib,
  /** What is kept of a command's output in a guest, over SSH: package lists are some megabytes. */
  commandOutput: 16 * mib,
  /** Lines of a package list; whole distributions have 100,000. */
  packages: 500_000,
  /** What a tool prints, or says of its failure: qemu-img and sfdisk say some kilobytes. */
  toolOutput: 4 * mib,
  /** What xorriso prints of all files of an ISO: 100,000 on the largest disc are 20 MiB. */
  isoListing: 64 * mib,
  /** ~/.ssh/config and known_hosts: whole companies have some megabytes. */
  sshSettings: 16 * mib,
  /** A private key, or what an earlier build has noted beside a file: some kilobytes. */
  record: 64 * 1024,
  /** Entries of a list that a cloud gives page by page: a large one has 10,000 servers. */
  cloudList: 200_000,
  /** A guest's screen, on the wire or as a picture; 8192 × 8192 pixels are as much. */
  screen: 256 * mib,
  /** Steps and lines of output that a guest tells on its console. */
  consoleMessages: 500_000,
  /** What is copied of a console's log into the evidence: its end. */
  evidence: 16 * mib,
} as const;

/** A size for messages: `5 MiB`. */
export function inWords(bytes: number): string {
  if (bytes % (1024 * mib) === 0) return `${bytes / (1024 * mib)} GiB`;
  if (bytes % mib === 0) return `${bytes / mib} MiB`;
  return bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} bytes`;
}
