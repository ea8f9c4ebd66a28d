/** Passwords that mean something in the language of an answer file. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { XmlDocument } from 'libxml2-wasm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { sha512Crypt } from '../../osinfo/script/sha512-crypt.ts';
import type { OsEntity } from '../../osinfo/types.ts';
import { answer, osinfo, plainAnswer } from './answers/all.ts';
import { parseKickstart } from './answers/kickstart.ts';

const passwords = [
  `it's "quoted"`,
  "''",
  '$HOME `id` $(id) $x',
  'back\\slash \\n \\\\ x',
  '<tag/> & &amp; ]]> <!-- -->',
  'END',
  '%end',
  'a: b # c',
  '- [x] {y} | > * & ! @',
  'root:x',
  '$6$not$ahash',
  'pässwörd 鍵 😀',
  'tab-less   spaces',
  ';reboot; rm -rf /',
];

const one = (id: string): OsEntity => {
  const os = osinfo.os(id);
  if (!os) throw new Error(id);
  return os;
};

let bin: string;

beforeAll(() => {
  bin = mkdtempSync(path.join(tmpdir(), 'ozma-passwords-'));
  // what would set the password writes down what it was told instead
  const note = `#!/bin/sh\n{ echo "$0 $*"; cat; } >"$OUT"\n`;
  for (const name of ['chpasswd', 'pw', 'chroot', 'arch-chroot']) {
    writeFileSync(path.join(bin, name), note);
    chmodSync(path.join(bin, name), 0o755);
  }
});

afterAll(() => rmSync(bin, { recursive: true, force: true }));

/** Runs the lines from the one that sets the password to the end of what it is fed. */
function passwordSet(script: string, shell = 'sh'): string {
  const lines = script.split('\n');
  const first = lines.findIndex((line) => /chpasswd|\| pw usermod/.test(line));
  const last = lines.findIndex((line, i) => i > first && line === 'END');
  const out = path.join(bin, 'out');
  const { status, stderr } = spawnSync(shell, {
    input: `fail() { exit 1; }\n${lines.slice(first, last + 1).join('\n')}\n`,
    env: { PATH: `${bin}:/usr/bin:/bin`, OUT: out },
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  return readFileSync(out, 'utf8').split('\n').slice(1).join('\n');
}

const evaluate: Record<string, (text: string) => string> = {
  fedora44: (text) =>
    passwordSet(parseKickstart(text).sections.find(({ name }) => name === '%post')?.body ?? ''),
  'rhel9.4': (text) =>
    passwordSet(parseKickstart(text).sections.find(({ name }) => name === '%post')?.body ?? ''),
  'ubuntu24.04': (text) => passwordSet(parse(text).autoinstall['late-commands'][0]),
  'freebsd15.0': (text) => `root:${passwordSet(text)}`,
  'alpinelinux3.22': (text) => passwordSet(text),
  archlinux: (text) => passwordSet(text, 'bash'),
};

describe.each(Object.keys(evaluate))('%s', (id) => {
  it.each(passwords)('takes %j as it is', (password) => {
    const text = plainAnswer(one(id), { 'admin-password': password });
    expect(evaluate[id]?.(text)).toBe(`root:${password}\n`);
  });

  it('takes the hash of it rather', () => {
    const { text } = answer(one(id), 'media', { 'admin-password': 'plain' });
    expect(text).not.toContain('plain');
    const hash = /\$6\$[./\w]{16}\$[./\w]{86}/.exec(text)?.[0] ?? '';
    expect(sha512Crypt('plain', hash.split('$')[2])).toBe(hash);
    if (!/kickstart|Anaconda/.test(text)) expect(evaluate[id]?.(text)).toBe(`root:${hash}\n`);
  });
});

/** Texts of the elements that an XPath names. */
function texts(text: string, namespace: string, xpath: string): string[] {
  const document = XmlDocument.fromString(text);
  try {
    return document.find(xpath, { x: namespace }).map((node) => node.content);
  } finally {
    document.dispose();
  }
}

describe('XML', () => {
  it.each(passwords)('of AutoYaST and Windows takes %j as it is', (password) => {
    const yast = plainAnswer(one('opensuse15.6'), { 'admin-password': password });
    const found = texts(yast, 'http://www.suse.com/1.0/yast2ns', '//x:user_password');
    expect(found).toEqual([password]);
    const windows = plainAnswer(one('win11'), { 'admin-password': password });
    const values = '//x:AdministratorPassword/x:Value | //x:Password/x:Value';
    expect(texts(windows, 'urn:schemas-microsoft-com:unattend', values)).toEqual([
      password,
      password,
      password,
    ]);
  });

  it('of AutoYaST says whether it is a hash', () => {
    const { text } = answer(one('sle15sp7'), 'media', { 'admin-password': 'plain' });
    expect(text).toContain('<encrypted config:type="boolean">true</encrypted>');
    expect(text).not.toContain('plain');
  });
});

it('JSON of Agama has a hash only', () => {
  for (const password of passwords) {
    const { text } = answer(one('opensuse16.0'), 'media', { 'admin-password': password });
    const { root } = JSON.parse(text);
    expect(root.hashedPassword).toBe(true);
    expect(root.password).toBe(sha512Crypt(password, root.password.split('$')[2]));
  }
});

describe('what would break out of its line is refused', () => {
  const bad = ['a\nb', 'a\rb', 'a\u0085b', 'a\u2028b', ' a', 'a ', 'a\\'];
  it.each(bad)('%j', (password) => {
    const make = () => answer(one('ubuntu24.04'), 'media', { 'admin-password': password });
    expect(make).toThrow(expect.objectContaining({ code: 'OZ_OSINFO_BAD_PARAMETER' }));
  });

  it.each([
    ['hostname', "x'; reboot; '"],
    ['target-disk', '/dev/vda; reboot'],
    ['installation-url', 'http://x/"\nreboot'],
    ['ssh-authorized-key', "ssh-rsa AAAA' >/x; '"],
    ['admin-password-crypted', "$6$x'$y"],
    ['admin-password-crypted', '*'],
    ['reg-product-key', '"},'],
    ['firmware', 'uefi'],
    ['image-index', '0'],
    ['tpm', 'yes'],
    ['secure-boot', '1'],
    ['console', 'ttyS0" init=/bin/sh'],
  ])('%s %j', (name, value) => {
    const make = () => answer(one('fedora44'), 'media', { 'admin-password': 'x', [name]: value });
    expect(make).toThrow(expect.objectContaining({ code: 'OZ_OSINFO_BAD_PARAMETER' }));
  });
});
