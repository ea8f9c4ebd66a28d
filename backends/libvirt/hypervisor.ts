/** Which kind of guest runs here: kvm where it works, else qemu, or what oz.cfg names. */
import { access, constants } from 'node:fs/promises';
import { OzError } from '../../src/base/errors.ts';
import type { Arch, BackendContext, Hardware } from '../backend.ts';
import { domainTypes, guestArch, type HostCapabilities } from './caps.ts';
import type { Connection } from './connection.ts';
import { kvmWorks } from './kvm-probe.ts';
import { readUri } from './uri.ts';

export interface HypervisorOptions {
  uri: string;
  /** [libvirt] type; not questioned. */
  type?: string | undefined;
  cacheDir: string;
  context: BackendContext;
}

export interface Hypervisor {
  /** The domain type for an architecture. Throws OZ_NO_HYPERVISOR. */
  typeFor(arch: Arch, signal?: AbortSignal): Promise<string>;
  /** The same without asking anybody: what typeFor() last said, or would say first. */
  likelyType(arch: Arch): string | undefined;
  /** Throws OZ_NO_HYPERVISOR or OZ_HARDWARE_UNSUPPORTED for what can't run. */
  check(hardware: Hardware): Promise<void>;
}

/** QEMU refuses these when it starts; better said before anything is made. */
function checkBuses({ machine, diskBus, cdromBus }: Hardware): void {
  if (!machine?.includes('q35') || (diskBus !== 'ide' && cdromBus !== 'ide')) return;
  throw new OzError(
    'OZ_HARDWARE_UNSUPPORTED',
    `Cannot run a guest with an IDE disk on machine ${machine}: it has no IDE controller`,
    { hint: 'use bus sata there, or machine pc' },
  );
}

export function openHypervisor(
  options: HypervisorOptions,
  connection: Connection,
  capabilities: HostCapabilities,
): Hypervisor {
  const { uri, cacheDir, context } = options;
  const place = readUri(uri);
  const asked = new Map<Arch, Promise<string>>();
  const known = new Map<Arch, string>();

  async function find(arch: Arch, signal?: AbortSignal): Promise<string> {
    const found = guestArch(capabilities, arch, uri);
    if (options.type) {
      if (found.types.includes(options.type)) return options.type;
      throw new OzError(
        'OZ_NO_HYPERVISOR',
        `Cannot run ${arch} guests of type ${options.type} on ${uri}: it has ${found.types.join(', ')}`,
        { hint: 'change or remove type in [libvirt] of oz.cfg' },
      );
    }
    const [best, next] = domainTypes(found);
    if (best === undefined) {
      throw new OzError(
        'OZ_NO_HYPERVISOR',
        `Cannot run ${arch} guests on ${uri}: neither kvm nor qemu is there`,
        { hint: 'name another type in [libvirt] of oz.cfg' },
      );
    }
    // The probe is x86 code in a file of this machine.
    const probed = (arch === 'x86_64' || arch === 'i386') && !place.remote;
    if (best !== 'kvm' || next === undefined || !probed) return best;
    const { works } = await kvmWorks(connection, cacheDir, context, signal);
    return works ? best : next;
  }

  return {
    typeFor(arch, signal) {
      const answer = asked.get(arch);
      if (answer) return answer;
      const finding = find(arch, signal);
      asked.set(arch, finding);
      // A failed attempt is made again.
      finding.then(
        (type) => known.set(arch, type),
        () => asked.delete(arch),
      );
      return finding;
    },
    likelyType: (arch) =>
      options.type ?? known.get(arch) ?? domainTypes(guestArch(capabilities, arch, uri))[0],
    async check(hardware) {
      checkBuses(hardware);
      const { emulator } = guestArch(capabilities, hardware.arch, uri);
      if (!emulator || place.driver !== 'qemu' || place.remote) return;
      await access(emulator, constants.X_OK).catch((error: unknown) => {
        throw new OzError(
          'OZ_NO_HYPERVISOR',
          `Cannot run ${hardware.arch} guests on ${uri}: ${emulator} can't be run`,
          { cause: error },
        );
      });
    },
  };
}
