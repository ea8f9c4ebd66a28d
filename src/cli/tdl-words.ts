/**
 * What each element and attribute of a TDL means, for its manual page. Which
 * there are, and how often, is in src/tdl; the tests hold the two together.
 */
import { repositoryDefaults } from '../tdl/parse.ts';

export interface Words {
  text: string;
  /** What holds when it is not there. */
  default?: string;
}

const flagDefault = (name: keyof typeof repositoryDefaults) =>
  repositoryDefaults[name] ? 'yes' : 'no';

const commandList = (when: string): Words => ({
  text: `Commands that are run ${when}, each by a <command>.`,
});

/** By path from the root element, attributes after an @. */
export const tdlWords: Readonly<Record<string, Words>> = {
  template: { text: 'The document. Its elements may stand in any order.' },
  'template@version': { text: 'The version of the format.', default: '1.0' },
  'template/name': {
    text: "The guest's name, and the image's file name unless -s gives another. At most 200 bytes, without a slash.",
  },
  'template/description': { text: "For people; it goes into the guest's libvirt XML." },
  'template/os': { text: 'Which system is installed, and from where.' },
  'template/disk': { text: "The image's disk." },
  'template/packages': { text: 'Packages to install, by the package manager of the system.' },
  'template/repositories': {
    text: 'Repositories to install packages from. They are added first of all.',
  },
  'template/files': { text: 'Files to write into the image, after the packages.' },
  'template/precommands': commandList('after the repositories are there and before the packages'),
  'template/commands': commandList('last, after packages and files are in place'),

  'template/os/name': {
    text: "The system's name, such as Debian, Fedora, RHEL or Windows. oz os list --distro shows what is known.",
  },
  'template/os/version': {
    text: 'Its version, such as 13, 24.04 or 2025; for some systems that of an update, as in 8.10. One newer than any known is treated as the newest known.',
  },
  'template/os/arch': { text: "The guest's architecture." },
  'template/os/install': { text: 'Where the installer comes from.' },
  'template/os/rootpw': {
    text: 'Password of root, or of Administrator in Windows, taken exactly as written. Without it nobody is let in over SSH by the password. It appears in no log and no manifest.',
    default: 'ozrootpw',
  },
  'template/os/key': {
    text: 'Product key, for systems that ask for one, such as Windows and SUSE Linux Enterprise.',
  },
  'template/os/kernelparam': {
    text: "Arguments to add to the installer's kernel command line, such as console=ttyS0.",
  },
  'template/os/icicle': { text: 'How packages are listed, with -g or by oz-generate-icicle.' },

  'template/os/install@type': {
    text: 'url: kernel, initrd and packages come from a tree of files on a server. iso: they come from an ISO image.',
  },
  'template/os/install/url': {
    text: 'Address of the tree: http, https or ftp. The guest must reach it too; where it has user-mode networking, localhost means this machine.',
  },
  'template/os/install/iso': {
    text: 'Address of the ISO: http, https, ftp or file. It is kept in the cache, and never changed.',
  },
  'template/os/install/md5sum': {
    text: 'Address of a file with the MD5 sum of the ISO. Only one of the three sums may be there.',
  },
  'template/os/install/sha1sum': { text: 'The same with its SHA-1 sum.' },
  'template/os/install/sha256sum': { text: 'The same with its SHA-256 sum.' },
  'template/os/install/extras': {
    text: 'Files and directories to add to the ISO, only for type iso, and not for Windows since Vista, whose ISOs have UDF. The installer then gets a copy of it that still boots as the original does; where case tells no names apart on it, as on those of older Windows, it tells none apart here.',
  },
  'template/os/install/extras/file': {
    text: 'A single file.',
  },
  'template/os/install/extras/directory': {
    text: 'A directory with all that is in it, and with what links in it lead to.',
  },
  'template/os/install/extras/file@source': {
    text: 'Address to take it from: http, https, ftp or file, for a directory ftp or file.',
  },
  'template/os/install/extras/file@destination': {
    text: "Its path on the ISO, from the ISO's root, without '..'.",
  },

  'template/os/icicle/extra_command': {
    text: "A command that is run once in the guest. It prints one line for each package, in the order in which the system's own package manager lists them; the line goes into the package's <extra>.",
  },

  'template/disk/size': {
    text: 'A whole number with a unit: B, kB, MB, GB, TB, PB (powers of 1000), KiB, MiB, GiB, TiB, PiB (powers of 1024). G or no unit means GiB, T means TiB.',
    default: '10 GiB, or more where the system needs it',
  },

  'template/packages/package': { text: 'One package. One that is listed twice does no harm.' },
  'template/packages/package@name': { text: "The package's name." },
  'template/packages/package/repository': {
    text: 'Name of the <repository> to take it from.',
  },
  'template/packages/package/file': {
    text: 'A package file to install instead of what the repositories have: a path in the guest, an address, or a path below the address of <repository>.',
  },
  'template/packages/package/arguments': {
    text: 'Further arguments for the package manager; quotes hold words together, as in a shell.',
  },

  'template/repositories/repository': {
    text: 'One repository. A later one of the same name replaces the former.',
  },
  'template/repositories/repository@name': { text: "The repository's name, without a slash." },
  'template/repositories/repository/url': {
    text: 'Its address. For apt it may be a whole line (deb http://host/debian suite main), or a ppa: name. One that only this machine reaches is tunnelled to the guest meanwhile.',
  },
  'template/repositories/repository/signed': {
    text: 'Whether its signature must be valid.',
    default: flagDefault('signed'),
  },
  'template/repositories/repository/persisted': {
    text: 'Whether it stays in the image.',
    default: flagDefault('persisted'),
  },
  'template/repositories/repository/sslverify': {
    text: "Whether its server's certificate must be valid.",
    default: flagDefault('sslverify'),
  },

  'template/files/file': {
    text: 'One file, by its content. White space at both ends of the text is no part of it. Directories that are missing are made; a new file belongs to root and has mode 0600.',
  },
  'template/files/file@name': { text: "The file's path in the guest." },
  'template/files/file@type': {
    text: 'raw: the text is the content. base64: it is the content in base64, in one piece. url: it is the address of the content (http, https, ftp or file).',
    default: 'raw',
  },

  'template/precommands/command': {
    text: 'One command, run by root. It ends the build when it ends with another exit code than 0.',
  },
  'template/precommands/command@name': { text: 'What it is called in messages.' },
  'template/precommands/command@position': {
    text: 'Its place in the order, from 1. Either all commands of a list have one or none has.',
    default: 'the order in which they are written',
  },
  'template/precommands/command@type': {
    text: 'As the type of a file: raw (a script for the shell, or for what its first line #!... names), base64 or url.',
    default: 'raw',
  },
};

/** Shows most of what there is; a test builds it as far as its plan. */
export const tdlExample = `<template version="1.0">
  <name>web</name>
  <description>A web server</description>
  <os>
    <name>Debian</name>
    <version>13</version>
    <arch>x86_64</arch>
    <install type="url">
      <url>http://ftp.debian.org/debian/dists/trixie/</url>
    </install>
    <rootpw>correct horse</rootpw>
    <kernelparam>quiet</kernelparam>
    <icicle>
      <extra_command>dpkg-query -W -f '\${Version}\\n'</extra_command>
    </icicle>
  </os>
  <disk>
    <size>8GiB</size>
  </disk>
  <repositories>
    <repository name="site">
      <url>deb http://packages.example.org/debian trixie main</url>
      <signed>yes</signed>
      <persisted>no</persisted>
    </repository>
  </repositories>
  <precommands>
    <command name="no-docs">echo 'path-exclude=/usr/share/doc/*' &gt;/etc/dpkg/dpkg.cfg.d/small</command>
  </precommands>
  <packages>
    <package name="nginx-light"/>
    <package name="site-pages">
      <repository>site</repository>
    </package>
  </packages>
  <files>
    <file name="/etc/motd">Built from a TDL.</file>
    <file name="/etc/site/id" type="base64">MDEyMzQ1Njc4OQ==</file>
  </files>
  <commands>
    <command name="enable" position="1">systemctl enable nginx</command>
    <command name="note" position="2" type="raw">date &gt;/etc/build-date</command>
  </commands>
</template>`;
