/** What sealing does to the network files that cloud-init writes for the server of a build. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { forgetCloud } from '../../src/customize/seal/sealer.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ozma-forget-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const header = '# This file is generated from information provided by the datasource.\n';
const ofServer =
  'network:\n  ethernets:\n    ens3:\n      match:\n        macaddress: fa:16:3e:1:2:3\n';
const general = 'network:\n  ethernets:\n    all: {match: {name: "e*"}, dhcp4: true}\n';

/** Runs it on a copy of /etc; what is left in there, by path. */
function sealed(shell: string, files: Record<string, string>): Record<string, string> {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, 'etc', name)), { recursive: true });
    writeFileSync(path.join(dir, 'etc', name), text);
  }
  mkdirSync(path.join(dir, 'bin'));
  writeFileSync(path.join(dir, 'bin/cloud-init'), '#!/bin/sh\n', { mode: 0o755 });
  const script = forgetCloud.replaceAll('/etc/', `${dir}/etc/`);
  execFileSync(shell, ['-eu'], {
    input: `forget() {\n${script}\n}\nforget </dev/null\n`,
    env: { PATH: `${dir}/bin:${process.env.PATH}` },
  });
  const left = readdirSync(path.join(dir, 'etc'), { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    left
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [path.relative(path.join(dir, 'etc'), file), readFileSync(file, 'utf8')]),
  );
}

const yaml = 'netplan/50-cloud-init.yaml';

it.each(['dash', 'bash'])('leaves no address of the build, and a network: %s', (shell) => {
  for (const text of [header + ofServer, ofServer]) {
    expect(sealed(shell, { [yaml]: text })).toEqual({
      [yaml]: expect.stringMatching(/name: "e\*"\n {6}dhcp4: true\n/),
    });
    rmSync(path.join(dir, 'bin'), { recursive: true });
  }
});

it("keeps what is not cloud-init's, and needs no other beside it", () => {
  const own = 'netplan/01-own.yaml';
  expect(sealed('dash', { [yaml]: header + ofServer, [own]: general })).toEqual({ [own]: general });
});

it("keeps the installer's own file, and other systems' without a word of cloud-init", () => {
  const kept = {
    [yaml]: general,
    'sysconfig/network-scripts/ifcfg-eth0': 'BOOTPROTO=dhcp\n',
  };
  const ofCloudInit = { 'sysconfig/network/ifcfg-eth1': '# Created by cloud-init automatically\n' };
  expect(sealed('dash', { ...kept, ...ofCloudInit })).toEqual(kept);
});
