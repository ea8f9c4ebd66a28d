/** What the properties of an image say once it is finished. */
import type { CatalogueEntry, Hardware } from '../backend.ts';
import { hardwareProperties } from './hardware-properties.ts';
import type { ImageChange, Properties } from './services/types.ts';
import { buildKey, tagKey } from './site.ts';

/** Nova notes in a snapshot what it has chosen itself; that is not to bind later servers. */
const chosenByNova = [
  'hw_cdrom_bus',
  'hw_disk_bus',
  'hw_input_bus',
  'hw_machine_type',
  'hw_pointer_model',
  'hw_scsi_model',
  'hw_video_model',
  'hw_vif_model',
];

/** Left by the way an image was made; a server of the finished one must not inherit them. */
const traces = new Set([
  'kernel_id',
  'ramdisk_id',
  'os_command_line',
  ...chosenByNova,
  'image_type',
  'base_image_ref',
  'instance_uuid',
  'user_id',
  'boot_roles',
  'image_location',
  'image_state',
  'os_shutdown_timeout',
  'block_device_mapping',
  'bdm_v2',
  'root_device_name',
  'mappings',
  'clean_attempts',
  'img_config_drive',
  buildKey,
  tagKey,
]);

const traceFamilies = /^(hw_rescue_|owner_|base_image_|ozma_|signature_|img_signature|cinder_)/;

/** Removes what the making left, for changeImage(); os_glance_* are not ours to touch. */
export function withoutTraces(properties: Properties): ImageChange {
  return Object.fromEntries(
    Object.keys(properties)
      .filter((name) => traces.has(name) || traceFamilies.test(name))
      .map((name) => [name, null]),
  );
}

/** Marks an image as the result of a build of that name. */
export const resultKey = 'ozma_result';

/** A cdrom is of the installer; which bus it has is no matter of the result. */
function lastingHardware(hardware: Hardware): Properties {
  const { hw_cdrom_bus: _, ...lasting } = hardwareProperties(hardware);
  return lasting;
}

/** Glance's names of what libosinfo calls otherwise. */
const distros: Record<string, string> = { archlinux: 'arch', win: 'windows', winnt: 'windows' };

/** Nova knows these two, and starts no server of an image that names another. */
const types = new Set(['linux', 'windows']);

/** Properties of a finished image, the user's own above ours. */
export function resultProperties(entry: CatalogueEntry, own: Properties): Properties {
  const { os, hardware, name } = entry;
  return {
    ...lastingHardware(hardware),
    os_distro: distros[os.distro] ?? os.distro,
    os_version: os.version,
    ...(types.has(os.type) && { os_type: os.type }),
    [resultKey]: name,
    ...own,
  };
}

/** A disk on its way from one server of the build to the next. */
export function passingProperties(hardware: Hardware): Properties {
  return hardwareProperties(hardware);
}
