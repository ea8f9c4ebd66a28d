import { describe, expect, it } from 'vitest';
import { argumentFacts, domainFacts } from '../../../compat/hardware/domain-facts.ts';

const facts = (xml: string) => domainFacts(`<domain type="kvm">${xml}</domain>`, (file) => file);

describe('domainFacts()', () => {
  it('names texts and attributes by where they stand', () => {
    const found = facts(
      '<name>x</name><os><type arch="i686">hvm</type></os><features><acpi/></features>',
    );
    expect(found).toEqual({
      '@type': 'kvm',
      name: 'x',
      'os/type': 'hvm',
      'os/type@arch': 'i686',
      'features/acpi': '',
    });
  });

  it('takes no account of order, spaces and spelling', () => {
    const one = `<devices><disk device="cdrom"><source file="b"/></disk>
      <disk><source file="a"/></disk></devices>`;
    const other =
      "<devices><disk device='disk'><source file='a'></source></disk><disk device='cdrom'><source file='b'/></disk></devices>";
    const { 'devices/disk[disk]@device': named, ...rest } = facts(other);
    expect(rest).toEqual(facts(one));
    expect(named).toBe('disk');
  });

  it('tells apart what there is several of', () => {
    const cds =
      '<disk device="cdrom"><target dev="hdc"/></disk><disk device="cdrom"><target dev="hdd"/></disk>';
    const serials =
      '<serial type="pty"><target port="1"/></serial><serial type="tcp"><target port="0"/></serial>';
    expect(facts(`<devices>${cds}${serials}</devices>`)).toMatchObject({
      'devices/disk[cdrom]/target@dev': 'hdc',
      'devices/disk[cdrom#2]/target@dev': 'hdd',
      'devices/serial[1]@type': 'pty',
      'devices/serial[0]@type': 'tcp',
    });
  });

  it('compares amounts of memory, not their units', () => {
    expect(facts('<memory unit="MiB">2048</memory>')).toEqual(facts('<memory>2097152</memory>'));
    expect(facts('<memory>2097153</memory>').memory).toBe('2097153 KiB');
  });

  it('takes any UUID for the same, and nothing else', () => {
    const some = facts('<uuid>6f1d4a3e-8a0c-4c8e-9f62-0c8d8c1f2b3a</uuid>').uuid;
    expect(some).toBe(facts('<uuid>00000000-0000-4000-8000-000000000000</uuid>').uuid);
    expect(facts('<uuid>none</uuid>').uuid).toBe('none');
  });

  it('names files by what they are for', () => {
    const xml =
      '<domain><os><kernel>/a/k</kernel></os><devices><disk><source file="/a/d"/></disk></devices></domain>';
    const found = domainFacts(xml, (file) => (file === '/a/k' ? 'kernel' : 'disk'));
    expect(found).toEqual({ 'os/kernel': 'kernel', 'devices/disk[disk]/source@file': 'disk' });
  });

  it('refuses what is no domain', () => {
    expect(() => domainFacts('<network/>', String)).toThrow('no <domain>');
  });
});

describe('argumentFacts()', () => {
  it('keeps values apart from names, and all values of one name', () => {
    expect(
      argumentFacts(' text ks=file:/ks.cfg  console=tty0 console=ttyS0,115200 a=b=c '),
    ).toEqual({
      text: '',
      ks: 'file:/ks.cfg',
      console: 'tty0 ttyS0,115200',
      a: 'b=c',
    });
  });
});
