import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseXml } from '../../../backends/libvirt/caps.ts';
import {
  diskTargets,
  domainXml,
  finishedXml,
  macOf,
} from '../../../backends/libvirt/domain-xml.ts';
import { packageFile } from '../../../src/base/package-root.ts';
import { cases, kernelSpec } from './specs.ts';

const dir = packageFile('test/golden/libvirt');

/** Compares with the stored document; OZMA_UPDATE_GOLDEN=1 stores it. */
function expectGolden(name: string, text: string): void {
  const file = path.join(dir, `${name}.xml`);
  if (process.env.OZMA_UPDATE_GOLDEN) writeFileSync(file, text);
  expect(existsSync(file), `${file} is missing`).toBe(true);
  expect(text).toBe(readFileSync(file, 'utf8'));
}

describe('domain XML', () => {
  for (const { name, spec, host } of cases) {
    it(`${name}, building`, () => expectGolden(name, domainXml(spec, host)));
    it(`${name}, finished`, () => expectGolden(`${name}.finished`, finishedXml(spec, host)));
  }

  it('never lets an unsafe cache or the build leak into the finished document', () => {
    for (const { spec, host } of cases) {
      const xml = finishedXml(spec, host);
      expect(xml).not.toMatch(/unsafe|discard|<kernel>|<initrd>|<cmdline>|cdrom|floppy|log file/);
      expect(xml).toContain('<on_poweroff>destroy</on_poweroff>');
    }
  });

  it('gives a CD that is an overlay the format it has', () => {
    const media = [{ role: 'installer' as const, ref: '/w/x', base: '/c/y.iso', label: 'x' }];
    const xml = domainXml({ ...kernelSpec, media }, { uri: 'qemu:///session' });
    expect(xml).toMatch(
      /device="cdrom"[^>]*>\s*<driver name="qemu" type="qcow2"\/>\s*<source file="\/w\/x"/,
    );
  });

  it('names the installer’s CD before all others, since libvirt starts the first name', () => {
    const cd = (role: 'installer' | 'answer' | 'drivers') => ({
      role,
      ref: `/w/${role}`,
      label: 'x',
    });
    const hardware = { ...kernelSpec.hardware, diskBus: 'ide', cdromBus: 'ide' } as const;
    const targets = (...media: ReturnType<typeof cd>[]) =>
      diskTargets({ ...kernelSpec, hardware, media });
    expect(targets(cd('answer'), cd('installer'))).toEqual(['hda', 'hdc', 'hdd']);
    const three = [cd('answer'), cd('drivers'), cd('installer')];
    expect(targets(...three)).toEqual(['hda', 'hdb', 'hdc', 'hdd']);
    const xml = domainXml({ ...kernelSpec, hardware, media: three }, { uri: 'qemu:///session' });
    expect(xml).toMatch(/"\/w\/installer"\/>\s*<target dev="hdb"/);
  });

  it('uses the boot of this run', () => {
    const xml = domainXml(kernelSpec, { uri: 'qemu:///session' }, { kind: 'disk' });
    expect(xml).toContain('<boot dev="hd"/>');
    expect(xml).not.toContain('<kernel>');
    expect(xml).toContain('cache="unsafe"');
  });

  it('escapes what is hostile', () => {
    const nasty = `a"><b c='d'>&amp;\u00e9`;
    const xml = domainXml(
      {
        ...kernelSpec,
        name: nasty,
        disk: { ...kernelSpec.disk, ref: `/x/${nasty}` },
        boot: {
          kind: 'kernel',
          kernel: { role: 'kernel', ref: nasty, label: '' },
          initrd: { role: 'initrd', ref: nasty, label: '' },
          cmdline: ` ${nasty}  two spaces `,
        },
      },
      { uri: 'qemu:///session' },
    );
    // read back with a parser that changes nothing
    interface Read {
      domain: {
        name: string;
        os: { kernel: string; cmdline: string };
        devices: { disk: { source: { '@file': string } }[] };
      };
    }
    const { domain } = parseXml<Read>(xml);
    expect(domain.name).toBe(nasty);
    expect(domain.os.kernel).toBe(nasty);
    expect(domain.os.cmdline).toBe(` ${nasty}  two spaces `.trim());
    expect(domain.devices.disk[0]?.source['@file']).toBe(`/x/${nasty}`);
  });

  it('gives a guest the same MAC for the same UUID, the configured one first', () => {
    const mac = macOf(kernelSpec);
    expect(mac).toMatch(/^52:54:00(:[0-9a-f]{2}){3}$/);
    expect(macOf(kernelSpec)).toBe(mac);
    expect(macOf({ ...kernelSpec, uuid: '6f1b1c9e-6a3f-4b9b-9d4a-5a8d8c0f0002' })).not.toBe(mac);
    const hardware = { ...kernelSpec.hardware, mac: '52:54:00:00:00:01' };
    expect(macOf({ ...kernelSpec, hardware })).toBe('52:54:00:00:00:01');
  });

  it('names all devices differently', () => {
    for (const { spec } of cases) {
      const names = diskTargets(spec);
      expect(new Set(names).size).toBe(names.length);
      expect(names).toHaveLength(1 + spec.media.length);
    }
  });
});
