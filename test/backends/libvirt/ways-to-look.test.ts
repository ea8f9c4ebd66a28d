import { describe, expect, it } from 'vitest';
import { removalOf, waysToLook } from '../../../backends/libvirt/ways-to-look.ts';

const domain = (graphics: string) =>
  `<domain><devices><console type='pty'/>${graphics}</devices></domain>`;
const look = (graphics: string, uri = 'qemu:///session') => waysToLook(domain(graphics), uri, 'd');

describe('a domain', () => {
  it('is looked at over its port', () => {
    expect(look("<graphics type='vnc' port='5901' autoport='yes' listen='127.0.0.1'/>")).toEqual({
      screen: 'vnc://127.0.0.1:5901',
      commands: [
        'virt-viewer -c qemu:///session -a d',
        'virsh -c qemu:///session screenshot d screen.png',
      ],
    });
  });

  it.each([
    "<graphics type='vnc' socket='/run/vnc.sock'><listen type='socket' socket='/run/vnc.sock'/></graphics>",
    "<graphics type='vnc'><listen type='socket' socket='/run/vnc.sock'/></graphics>",
  ])('is looked at over its socket: %s', (graphics) => {
    expect(look(graphics).screen).toBe('vnc+unix:///run/vnc.sock');
  });

  it('has no address while no port was chosen, and no screen at all on some machines', () => {
    expect(look("<graphics type='vnc' port='-1' autoport='yes'/>").screen).toBeUndefined();
    expect(look('')).toEqual({ commands: [] });
  });

  it('of another host is looked at through its daemon', () => {
    const { commands } = look("<graphics type='vnc' port='5900'/>", 'qemu+ssh://h/system');
    expect(commands[0]).toBe('virt-viewer -c qemu+ssh://h/system d');
  });
});

it.each([
  ['domain', 'my guest/0f-1', "virsh -c qemu:///system destroy 'my guest'"],
  ['volume', 'pool/a/b.qcow2', 'virsh -c qemu:///system vol-delete --pool pool a/b.qcow2'],
  ['pool', 'p', 'virsh -c qemu:///system pool-destroy p'],
  ['else', 'x', null],
])('%s %s is removed by %s', (kind, ref, command) => {
  expect(removalOf(kind, ref, 'qemu:///system')).toBe(command);
});
