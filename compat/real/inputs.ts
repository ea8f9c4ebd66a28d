/** What both sides are given: one template, one answer file, one oz.cfg that differs in paths only. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { packageFile } from '../../src/base/package-root.ts';
import { runTool } from '../../src/base/run-tool.ts';
import type { Rig } from '../rigs/lib/serve.ts';

export type Installer = 'standin' | 'debian';

/** Where one side works. */
export interface Side {
  name: 'oz' | 'ours';
  dir: string;
  config: string;
  image: string;
  domainXml: string;
  icicle: string;
  env: Record<string, string>;
}

export interface Inputs {
  /** The guest's name; the same on both sides, which run one after the other. */
  guest: string;
  mac: string;
  tdl: string;
  /** For images that are there already: another package, file and command. */
  laterTdl: string;
  answers: string;
}

/** Oz knows Debian up to 9 by name; nothing it does depends on it otherwise. */
function tdlText(guest: string, install: string, gib: number, ...work: string[]): string {
  return `<template>
  <name>${guest}</name>
  <os>
    <name>Debian</name>
    <version>9</version>
    <arch>x86_64</arch>
    <install type="iso"><iso>${install}</iso></install>
    <rootpw>geheim</rootpw>
  </os>
  <disk><size>${gib}</size></disk>
  ${work.join('\n  ')}
</template>
`;
}

/** Oz fetches no lists of packages; the stand-in's system has none, nor has an image that we sealed. */
const lists = `<precommands><command name="lists">apt-get -q update</command></precommands>`;

const work = `<packages><package name="figlet"/></packages>
  <files><file name="/etc/compared" type="raw">a file of the TDL</file></files>
  <commands><command name="effect">figlet -w 60 done &gt; /root/effect</command></commands>`;

const laterWork = `<packages><package name="toilet"/></packages>
  <files><file name="/etc/later" type="raw">a file of the second TDL</file></files>
  <commands><command name="effect">toilet -w 60 later &gt; /root/later</command></commands>`;

/** Our answer file, with the rig as its mirror; taken verbatim by both sides (-a). */
async function answersFor(rig: Rig): Promise<string> {
  const { stdout } = await runTool(process.execPath, [
    ...[packageFile('bin/oz.js'), 'os', 'script', 'debian13', '-c', 'admin-password=geheim'],
    ...['-c', `installation-url=${rig.url}/dists/trixie/`],
    ...['-c', 'hardware-arch=x86_64', '-c', 'hostname=compared'],
  ]);
  return [
    stdout.toString('utf8').trimEnd(),
    '',
    "# The rig's list of installer components is not signed.",
    'd-i debian-installer/allow_unauthenticated boolean true',
    '',
  ].join('\n');
}

/** The rest is as without a file; TCG guests on a shared machine need time. */
function configText(dir: string): string {
  return `[paths]
output_dir = ${dir}/images
data_dir = ${dir}/data
screenshot_dir = ${dir}/evidence
sshprivkey = ${dir}/id_rsa

[libvirt]
uri = qemu:///system
type = qemu
image_type = qcow2
memory = 2048
cpus = 2
bridge_name = virbr0

[cache]
original_media = yes
modified_media = no
jeos = no

[timeouts]
install = 7200
inactivity = 900
boot = 1200
shutdown = 300
`;
}

/** A scp that speaks the old protocol: the sshd_config Oz brings names no sftp-server of Debian. */
const oldScp = '#!/bin/sh\nexec /usr/bin/scp -O "$@"\n';

async function makeSide(name: Side['name'], top: string, guest: string): Promise<Side> {
  const dir = path.join(top, name);
  const at = (file: string) => path.join(dir, file);
  for (const each of ['images', 'data', 'evidence', 'home', 'tmp', 'bin']) {
    await mkdir(at(each), { recursive: true });
  }
  await chmod(dir, 0o755);
  await writeFile(at('oz.cfg'), configText(dir));
  await writeFile(at('bin/scp'), oldScp, { mode: 0o755 });
  // Without a terminal Oz can't make its key: it asks for the login name.
  const key = ['-q', '-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', '', '-f', at('id_rsa')];
  await runTool('ssh-keygen', key, { input: 'n\n', okCodes: [0, 1] });
  const oz = {
    PATH: `${at('bin')}:${process.env.PATH ?? '/usr/bin:/bin'}`,
    PYTHONPATH: packageFile('compat/real'),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  return {
    ...{ name, dir, config: at('oz.cfg'), image: at(`images/${guest}.qcow2`) },
    ...{ domainXml: at(`${guest}.xml`), icicle: at(`${guest}.icicle`) },
    env: {
      HOME: at('home'),
      TMPDIR: at('tmp'),
      // As by default; else it would follow TMPDIR, and be made each time.
      LIBGUESTFS_CACHEDIR: '/var/tmp',
      // A /dev/kvm in which guests hang would hang Oz for ever.
      LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg',
      ...(name === 'oz' && oz),
    },
  };
}

/** Writes all files below `top`; files of an earlier run are kept where they may be. */
export async function prepareInputs(
  top: string,
  installer: Installer,
  rig: Rig,
): Promise<{ inputs: Inputs; oz: Side; ours: Side }> {
  await mkdir(top, { recursive: true });
  await chmod(top, 0o755);
  const guest = `compared-${installer}`;
  const gib = installer === 'debian' ? 6 : 4;
  const at = (file: string) => path.join(top, file);
  const inputs: Inputs = {
    guest,
    // The same each time, so that steps can be run one by one.
    mac: installer === 'debian' ? '52:54:00:0c:0d:01' : '52:54:00:0c:0d:02',
    tdl: at('first.tdl'),
    laterTdl: at('later.tdl'),
    answers: at('answers.cfg'),
  };
  const before = installer === 'standin' ? [lists] : [];
  await writeFile(inputs.tdl, tdlText(guest, rig.isoUrl, gib, ...before, work));
  await writeFile(inputs.laterTdl, tdlText(guest, rig.isoUrl, gib, lists, laterWork));
  await writeFile(inputs.answers, await answersFor(rig));
  return {
    inputs,
    oz: await makeSide('oz', top, guest),
    ours: await makeSide('ours', top, guest),
  };
}
