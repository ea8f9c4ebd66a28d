/** Guests and plans for tests. */
import type { GuestSpec, Hardware } from '../../backends/backend.ts';

export const hardware: Hardware = {
  arch: 'x86_64',
  firmware: 'bios',
  memory: 1024,
  cpus: 1,
  diskBus: 'virtio',
  cdromBus: 'ide',
  nicModel: 'virtio',
  video: 'vga',
  input: { type: 'mouse', bus: 'ps2' },
  clock: 'utc',
};

export function guestSpec(name: string): GuestSpec {
  return {
    name,
    uuid: '00000000-0000-4000-8000-000000000000',
    hardware,
    boot: { kind: 'disk' },
    disk: { ref: '/nowhere/disk.raw', format: 'raw', size: 1 },
    media: [],
    purpose: 'install',
    consoleLog: '/nowhere/console.log',
  };
}
