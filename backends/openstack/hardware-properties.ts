/** Virtual hardware as image properties. */
import { OzError } from '../../src/base/errors.ts';
import type { Hardware } from '../backend.ts';
import type { Properties } from './services/types.ts';

/** Of nova's image_meta, where libvirt is the driver. */
const nicModels = new Set([
  'virtio',
  'e1000',
  'e1000e',
  'ne2k_pci',
  'pcnet',
  'rtl8139',
  'netfront',
  'vmxnet3',
  'lan9118',
]);
const videoModels = new Set([
  'vga',
  'cirrus',
  'vmvga',
  'xen',
  'qxl',
  'gop',
  'none',
  'virtio',
  'bochs',
]);

const arches: Partial<Record<Hardware['arch'], string>> = { i386: 'i686' };

function refuse(what: string, hint: string): OzError {
  return new OzError('OZ_CLOUD_HARDWARE', `Cannot give the guest ${what}: Nova has no such thing`, {
    hint,
  });
}

/** Throws `OZ_CLOUD_HARDWARE` for what no cloud could give. */
export function checkHardware({ nicModel, video, mac }: Hardware): void {
  if (!nicModels.has(nicModel)) {
    throw refuse(`a network card ${nicModel}`, `choose one of ${[...nicModels].join(', ')}`);
  }
  if (!videoModels.has(video)) {
    throw refuse(`a screen ${video}`, `choose one of ${[...videoModels].join(', ')}`);
  }
  if (mac !== undefined) {
    throw refuse(`the MAC address ${mac}`, 'leave it out: the cloud gives addresses');
  }
}

/** q35 has no IDE, and a cloud may make it its own choice. */
function machineOf({ machine, diskBus }: Hardware): string | undefined {
  return machine ?? (diskBus === 'ide' ? 'pc' : undefined);
}

/** The cdrom's bus, where it is not left to Nova, which knows what the machine has. */
export function cdromBusOf(hardware: Hardware): string | undefined {
  const { cdromBus } = hardware;
  const machine = machineOf(hardware);
  if (cdromBus !== 'ide') return cdromBus;
  return machine !== undefined && /^pc(-i440fx|$)/.test(machine) ? 'ide' : undefined;
}

/** All that a guest of this hardware needs on its image (or volume). */
export function hardwareProperties(hardware: Hardware): Properties {
  const { arch, firmware, secureBoot, tpm, diskBus, nicModel, video, rng, input, clock } = hardware;
  const scsi = diskBus === 'scsi' || cdromBusOf(hardware) === 'scsi';
  const properties: Record<string, string | undefined | false> = {
    hw_architecture: arches[arch] ?? arch,
    hw_machine_type: machineOf(hardware),
    hw_firmware_type: firmware === 'efi' && 'uefi',
    os_secure_boot: secureBoot && 'required',
    // Its model is Nova's own choice, or the flavor's, which no image may contradict.
    hw_tpm_version: tpm && '2.0',
    hw_disk_bus: diskBus,
    hw_scsi_model: scsi && 'virtio-scsi',
    hw_cdrom_bus: cdromBusOf(hardware),
    hw_vif_model: nicModel,
    hw_video_model: video,
    hw_rng_model: rng && 'virtio',
    // s390x has no USB.
    hw_pointer_model:
      input.type === 'tablet' && input.bus === 'usb' && arch !== 's390x' && 'usbtablet',
    // Nova's only way to a clock with local time.
    os_type: clock === 'localtime' && 'windows',
  };
  return Object.fromEntries(
    Object.entries(properties).filter((pair): pair is [string, string] => !!pair[1]),
  );
}
