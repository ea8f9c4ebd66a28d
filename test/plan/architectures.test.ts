/**
 * For each architecture of the TDL what is planned, as libvirt gets it: golden
 * domains, valid by libvirt's own schema (virt-xml-validate).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Arch, StagedMedium } from '../../backends/backend.ts';
import { domainXml, finishedXml } from '../../backends/libvirt/domain-xml.ts';
import { isSecure } from '../../backends/libvirt/trust.ts';
import { packageFile } from '../../src/base/package-root.ts';
import { installSpec } from '../../src/plan/guest-spec.ts';
import { plan } from '../../src/plan/plan.ts';
import { testCapabilities, testConfig, testInput, testTdl } from '../fakes/inputs.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-arch-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const systems: [distro: string, version: string, arch: Arch, type: 'url' | 'iso'][] = [
  ['Debian', '12', 'i386', 'url'],
  ['Debian', '13', 'x86_64', 'iso'],
  ['Windows', '11', 'x86_64', 'iso'],
  ['Debian', '13', 'aarch64', 'iso'],
  ['FreeBSD', '13.5', 'aarch64', 'iso'],
  ['Debian', '13', 'armv7l', 'url'],
  ['RHEL-7', '9', 'ppc64', 'url'],
  ['Debian', '13', 'ppc64le', 'url'],
  ['Fedora', '44', 'ppc64le', 'iso'],
  ['Debian', '13', 's390x', 'url'],
  ['RHEL-10', '0', 's390x', 'iso'],
];

function planned(distro: string, version: string, arch: Arch, type: 'url' | 'iso') {
  const tdl = testTdl({ distro, version, arch, install: { type, url: 'http://h/x', extras: [] } });
  const capabilities = { ...testCapabilities, trust: { tpm: true, secureBoot: true } };
  const made = plan(
    testInput({
      tdl,
      // how much a system asks for depends on the database
      config: testConfig({ libvirt: { imageType: 'raw', memory: 4096 } }),
      backend: { type: 'libvirt', capabilities, uri: 'qemu:///system' },
    }),
  );
  const medium = (role: StagedMedium['role']): StagedMedium => ({
    role,
    ref: `/w/${role}`,
    label: role,
  });
  return installSpec(made, {
    disk: { ref: '/out/test.dsk', format: 'raw', size: made.disk.size },
    kernel: medium('kernel'),
    initrd: medium('initrd'),
    media: made.install.attach.map(({ role, device }) => ({ ...medium(role), device })),
    consoleLog: '/w/console.log',
  });
}

function expectValid(xml: string): void {
  const file = path.join(dir, 'domain.xml');
  writeFileSync(file, xml);
  execFileSync('virt-xml-validate', [file, 'domain'], { stdio: 'pipe' });
}

describe.each(systems)('%s %s for %s (%s)', (distro, version, arch, type) => {
  const name = `${distro}-${version}-${arch}-${type}`.toLowerCase();
  const spec = planned(distro, version, arch, type);
  // libvirt's machine without KVM for another processor than its own
  const host = { uri: 'qemu:///system', type: 'qemu', bridge: 'virbr0' };

  it('installs in a domain that libvirt takes', () => {
    const xml = domainXml(spec, host);
    const golden = packageFile('test', 'golden', 'architectures', `${name}.xml`);
    if (process.env.OZMA_UPDATE_GOLDEN) writeFileSync(golden, xml);
    expect(existsSync(golden), `${golden} is missing`).toBe(true);
    expect(xml).toBe(readFileSync(golden, 'utf8'));
    expectValid(xml);
  });

  it('is described by one as well', () => expectValid(finishedXml(spec, host)));
});

it('covers each architecture of the TDL', async () => {
  const { architectures } = await import('../../src/tdl/shape.ts');
  const covered = new Set(systems.map(([, , arch]) => arch));
  expect([...architectures].filter((arch) => !covered.has(arch))).toEqual([]);
});

describe('a TPM and secure boot', () => {
  const windows = (
    version: string,
    trust?: { tpm: boolean; secureBoot: boolean },
    own?: string,
  ) => {
    const install = { type: 'iso' as const, url: 'http://h/x', extras: [] };
    const tdl = testTdl({ distro: 'Windows', version, install });
    const capabilities = { ...testCapabilities, trust };
    const answer = own === undefined ? undefined : { name: 'own.xml', text: own };
    const { hardware, warnings } = plan(
      testInput({ tdl, answer, backend: { type: 'libvirt', capabilities, uri: undefined } }),
    );
    const { firmware, tpm, secureBoot } = hardware;
    return { firmware, tpm, secureBoot, warned: warnings.some((text) => /asks for/.test(text)) };
  };
  const both = { tpm: true, secureBoot: true };

  it.each([
    ['11', both, undefined, { firmware: 'efi', ...both, warned: false }],
    ['11', undefined, undefined, { firmware: 'efi', warned: false }],
    ['11', undefined, '<unattend/>', { firmware: 'efi', warned: true }],
    ['11', { tpm: true, secureBoot: false }, '<unattend/>', { tpm: true, warned: true }],
    ['11', both, '<unattend/>', { ...both, warned: false }],
    ['10', both, undefined, { firmware: 'bios', warned: false }],
  ])(
    'are given to Windows %s where the place has them (%o, own answers: %s)',
    (version, trust, own, expected) => {
      const found = windows(version, trust, own);
      expect(found).toMatchObject(expected);
      expect(found.tpm).toBe('tpm' in expected ? expected.tpm : undefined);
      expect(found.secureBoot).toBe('secureBoot' in expected ? expected.secureBoot : undefined);
    },
  );

  it('is known by the description of the firmware', () => {
    const text = (features: string[], architecture = 'x86_64') =>
      JSON.stringify({ features, targets: [{ architecture }] });
    expect(isSecure(text(['secure-boot', 'enrolled-keys', 'requires-smm']))).toBe(true);
    expect(isSecure(text(['secure-boot']))).toBe(false);
    expect(isSecure(text(['secure-boot', 'enrolled-keys'], 'aarch64'))).toBe(false);
    expect(isSecure('[')).toBe(false);
  });
});
