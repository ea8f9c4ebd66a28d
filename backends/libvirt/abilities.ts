/** What libvirt can do, known without connecting to it. */
import type { Capabilities } from '../backend.ts';
import { diskFormats } from './local-disk.ts';
import { trustHere } from './trust.ts';
import { readUri } from './uri.ts';

/** QEMU's user-mode network: this machine as its guests see it. */
const userNetworkHost = '10.0.2.2';

/** `type` is that of its guests, once it is known. */
export function libvirtCapabilities(uri: string, type?: string): Capabilities {
  const { driver, remote, userNetworking } = readUri(uri);
  return {
    kernelBoot: true,
    devices: ['cdrom', 'floppy', 'usb'],
    remasters: remote ? 'splice' : 'overlay',
    trust: driver === 'qemu' && !remote ? trustHere() : undefined,
    maxMedia: 3,
    activity: { disk: true, network: !userNetworking },
    sendKeys: true,
    hostAddress: userNetworking ? userNetworkHost : null,
    accelerated: type === undefined ? undefined : type !== 'qemu',
    diskFormats,
  };
}
