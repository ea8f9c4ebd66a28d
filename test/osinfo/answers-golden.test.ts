/** The answer files as they are: the first, a middle and the newest release of each family. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { answer, buildConfig, osinfo } from './answers/all.ts';

const golden = path.join(import.meta.dirname, '..', 'golden', 'osinfo');
const update = process.env.OZMA_UPDATE_GOLDEN === '1';

const cases: [id: string, source: 'media' | 'network', changes?: Record<string, string>][] = [
  ['fedora1', 'media'],
  ['fedora22', 'network'],
  ['fedora38', 'media'],
  ['fedora41', 'network'],
  ['fedora44', 'network'],
  ['centos6.0', 'media'],
  ['rhel7.0', 'network'],
  ['rhel8.0', 'media'],
  ['rhel9.4', 'network'],
  ['rhel10.2', 'media', { 'ssh-root-password': 'true' }],
  ['centos-stream10', 'network'],
  ['almalinux10', 'media'],
  ['rocky10', 'network'],
  ['ol8.10', 'media'],
  ['ol10.1', 'network'],
  ['ubuntu20.04', 'media'],
  ['ubuntu22.04', 'network'],
  ['ubuntu26.04', 'media', { 'ssh-root-password': 'true' }],
  ['opensuse15.0', 'media'],
  ['opensuse15.6', 'network'],
  ['opensusetumbleweed', 'network'],
  ['opensuse16.0', 'media'],
  ['sle15', 'media'],
  ['sle15sp7', 'network', { 'reg-product-key': 'INTERNAL-USE-ONLY-0000-0000' }],
  ['sles16.0', 'media'],
  ['win10', 'media', { firmware: 'bios' }],
  ['win11', 'media'],
  ['win2k16', 'media', { firmware: 'bios' }],
  ['win2k25', 'media', { firmware: 'efi', 'reg-product-key': 'AAAAA-BBBBB-CCCCC-DDDDD-EEEEE' }],
  ['freebsd13.0', 'media'],
  ['freebsd15.1', 'media'],
  ['alpinelinux3.18', 'media'],
  ['alpinelinux3.24', 'network'],
  ['archlinux', 'network'],
];

describe('golden answer files', () => {
  it.each(cases)('%s from %s', (id, source, changes = {}) => {
    const os = osinfo.os(id);
    if (!os) throw new Error(`${id} is not known`);
    const { text, expectedFilename } = answer(os, source, { ...buildConfig(os), ...changes });
    const file = path.join(golden, `${id}-${source}-${expectedFilename}`);
    if (update || !existsSync(file)) {
      if (!update) throw new Error(`${file} is missing: OZMA_UPDATE_GOLDEN=1 writes it`);
      mkdirSync(golden, { recursive: true });
      writeFileSync(file, text);
    }
    expect(text).toBe(readFileSync(file, 'utf8'));
  });
});
