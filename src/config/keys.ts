/** Every key of oz.cfg, as data: for reading, for warnings, for the man page. */
import { openstackKeys } from './openstack-keys.ts';

export type ConfigKeyType =
  | 'path'
  | 'text'
  | 'word'
  | 'boolean'
  | 'integer'
  | 'choice'
  /** `name=value`, separated by commas. */
  | 'pairs';

export interface ConfigKey {
  section: string;
  key: string;
  type: ConfigKeyType;
  /** As it would be written; empty when there is none. */
  default: string;
  /** Where it differs for users other than root. */
  userDefault?: string;
  choices?: readonly string[];
  /** Smallest number that makes sense. */
  minimum?: number;
  /** Never shown. */
  secret?: boolean;
  description: string;
}

const imageDirectory = '/var/lib/libvirt/images';

const seconds = (key: string, value: number, description: string): ConfigKey => ({
  section: 'timeouts',
  key,
  type: 'integer',
  default: String(value),
  minimum: 1,
  description,
});

const cache = (key: string, value: string, description: string): ConfigKey => ({
  section: 'cache',
  key,
  type: 'boolean',
  default: value,
  description,
});

const own: ConfigKey[] = [
  {
    section: 'backend',
    key: 'type',
    type: 'choice',
    default: 'libvirt',
    choices: ['libvirt', 'openstack'],
    description: 'Where guests run.',
  },
  {
    section: 'paths',
    key: 'output_dir',
    type: 'path',
    default: imageDirectory,
    userDefault: '~/.oz/images',
    description: 'Directory the finished disk images are written to.',
  },
  {
    section: 'paths',
    key: 'data_dir',
    type: 'path',
    default: '/var/lib/oz',
    userDefault: '~/.oz',
    description: 'Directory of downloaded media, cached installations and other files in between.',
  },
  {
    section: 'paths',
    key: 'screenshot_dir',
    type: 'path',
    default: '/var/lib/oz/screenshots',
    userDefault: '~/.oz/screenshots',
    description: 'Directory for the screenshot and the other evidence of a failed installation.',
  },
  {
    section: 'paths',
    key: 'sshprivkey',
    type: 'path',
    default: '/etc/oz/id_rsa-icicle-gen',
    userDefault: '~/.oz/id_rsa-icicle-gen',
    description: 'Private SSH key used to get into guests; made when it is not there.',
  },
  {
    section: 'paths',
    key: 'windows_drivers',
    type: 'path',
    default: '',
    description:
      'ISO with drivers, such as virtio-win.iso. The Setup of Windows Server 2008, Windows 7 and later sees it as one more CD and takes what fits (with -a the answer file has to name its folders), for a disk and a network card that it has no drivers for (oz-install -b virtio -n virtio).',
  },
  {
    section: 'libvirt',
    key: 'uri',
    type: 'text',
    default: '',
    description:
      'Libvirt connection. Unset: qemu:///system when its daemon answers, else qemu:///session.',
  },
  {
    section: 'libvirt',
    key: 'type',
    type: 'word',
    default: '',
    description: 'Domain type, such as kvm or qemu. Unset: the fastest one that works.',
  },
  {
    section: 'libvirt',
    key: 'bridge_name',
    type: 'word',
    default: '',
    description: 'Bridge the guest is connected to. Unset: that of an active libvirt network.',
  },
  {
    section: 'libvirt',
    key: 'cpus',
    type: 'integer',
    default: '',
    minimum: 1,
    description: 'Virtual CPUs of the guest during the build.',
  },
  {
    section: 'libvirt',
    key: 'memory',
    type: 'integer',
    default: '',
    minimum: 1,
    description: 'Memory of the guest during the build, in MiB.',
  },
  {
    section: 'libvirt',
    key: 'image_type',
    type: 'word',
    default: 'raw',
    description: 'Format of the finished image, such as raw or qcow2.',
  },
  {
    section: 'libvirt',
    key: 'firmware',
    type: 'choice',
    default: 'auto',
    choices: ['auto', 'bios', 'efi'],
    description:
      'Firmware of guests, in a cloud, too; auto: efi where the system or its machine has no other, else bios.',
  },
  {
    section: 'libvirt',
    key: 'rng_model',
    type: 'word',
    default: '',
    description:
      "Back end of the guest's random number generator, such as random; none for no such device.",
  },
  {
    section: 'libvirt',
    key: 'rng_device',
    type: 'path',
    default: '',
    description: 'Device on the host that random numbers come from.',
  },
  {
    section: 'libvirt',
    key: 'rng_rate_bytes',
    type: 'integer',
    default: '',
    minimum: 1,
    description: 'Random bytes the guest may take within one rng_rate_period.',
  },
  {
    section: 'libvirt',
    key: 'rng_rate_period',
    type: 'integer',
    default: '',
    minimum: 1,
    description: 'The period for rng_rate_bytes, in milliseconds.',
  },
  cache(
    'original_media',
    'yes',
    'Keep downloaded installation media for the next build. With no, an ISO that only a guest in a cloud needs goes there straight from its server.',
  ),
  cache(
    'modified_media',
    'no',
    'Taken for the sake of Oz, without effect: media with an answer file in them are made anew.',
  ),
  cache('jeos', 'no', 'Keep the plain installation, and customize a copy of it.'),
  {
    section: 'icicle',
    key: 'safe_generation',
    type: 'boolean',
    default: 'no',
    description:
      'Take the package list from a copy of the image, so that the image stays untouched.',
  },
  seconds('install', 1200, 'Seconds an installation may take.'),
  seconds(
    'inactivity',
    300,
    'Seconds an installation may go without disk or network activity. Where a cloud tells of neither, its console must say something. Unless this is set, it is three times as long there, and for guests that are emulated.',
  ),
  seconds('boot', 300, 'Seconds until an installed guest must be reachable.'),
  seconds('shutdown', 90, 'Seconds a guest may take to shut down.'),
];

/** All keys, in the order of a well-kept oz.cfg. */
export const configKeys: readonly ConfigKey[] = [...own, ...openstackKeys];
