/** Reads the libvirt XML that oz-install (ours or Oz's own) wrote for a finished guest. */
import { XmlDocument, XmlElement } from 'libxml2-wasm';
import type { Arch, Hardware, Published } from '../../backends/backend.ts';
import { messageOf, OzError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { tooLarge } from '../base/read-bounded.ts';

export interface ExistingGuest {
  name: string;
  /** `path` is null for an image that is in a cloud only. */
  disk: { path: string | null; format: string };
  /** The image in a cloud, as oz-install noted it. */
  published?: PublishedImage | undefined;
  hardware: Hardware;
}

export interface PublishedImage {
  /** The cloud and project, in the backend's words. */
  cloud: string;
  id: string;
  name: string;
  /** Whether guests of it do what their user data say; absent: not known. */
  userData?: boolean | undefined;
}

const arches: Record<string, Arch> = {
  i386: 'i386',
  i686: 'i386',
  x86_64: 'x86_64',
  ppc64: 'ppc64',
  ppc64le: 'ppc64le',
  aarch64: 'aarch64',
  armv7l: 'armv7l',
  s390x: 's390x',
};

/** KiB in libvirt's memory units. */
const memoryUnits: Record<string, number> = {
  b: 1 / 1024,
  bytes: 1 / 1024,
  KB: 1000 / 1024,
  k: 1,
  KiB: 1,
  MB: 1e6 / 1024,
  M: 1024,
  MiB: 1024,
  GB: 1e9 / 1024,
  G: 1024 * 1024,
  GiB: 1024 * 1024,
  TB: 1e12 / 1024,
  T: 1024 ** 3,
  TiB: 1024 ** 3,
};

function bad(source: string, why: string): OzError {
  return new OzError('OZ_DOMAIN_XML', `Cannot use libvirt XML ${source}: ${why}`, {
    hint: 'give the file that oz-install wrote for this guest',
  });
}

function textOf(root: XmlElement, xpath: string): string | undefined {
  const value = root.eval(`string(${xpath})`);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const publishedElement =
  '/domain/metadata/*[local-name()="published" and namespace-uri()="urn:ozma:domain:1"][1]';

/** Written by our own domain XML; other files have none. */
function publishedImage(root: XmlElement): PublishedImage | undefined {
  const [cloud, id, name, userData] = ['cloud', 'image', 'name', 'user-data'].map((attribute) =>
    textOf(root, `${publishedElement}/@${attribute}`),
  );
  if (!cloud || !id || !/^[A-Za-z0-9_.-]+$/.test(id)) return undefined;
  return {
    cloud,
    id,
    name: name ?? id,
    userData: userData === undefined ? undefined : userData === 'yes',
  };
}

const pointers: Record<string, Hardware['input']> = {
  'tablet usb': { type: 'tablet', bus: 'usb' },
  'tablet virtio': { type: 'tablet', bus: 'virtio' },
  'mouse usb': { type: 'mouse', bus: 'usb' },
};

/** What points at the screen; a mouse of old where nothing else is said. */
function pointerIn(root: XmlElement): Hardware['input'] {
  const input = '/domain/devices/input[@type="tablet" or @type="mouse"][1]';
  const found = pointers[`${textOf(root, `${input}/@type`)} ${textOf(root, `${input}/@bus`)}`];
  return found ?? { type: 'mouse', bus: 'ps2' };
}

/** A TPM and secure boot, as our own domain XML says it. */
function trustIn(root: XmlElement): Pick<Hardware, 'tpm' | 'secureBoot'> {
  const has = (path: string) => root.eval(`boolean(${path})`) === true;
  return {
    ...(has('/domain/os/firmware/feature[@name="secure-boot" and @enabled="yes"]')
      ? { secureBoot: true }
      : {}),
    ...(has('/domain/devices/tpm') ? { tpm: true } : {}),
  };
}

const unsafeName = /[/\p{Cc}]|^\.{1,2}$/u;

/** What of the installed machine its XML may leave to libvirt. */
function machineIn(
  root: XmlElement,
  arch: Arch,
): Pick<Hardware, 'machine' | 'cdromBus' | 'video' | 'input'> {
  const x86 = arch === 'x86_64' || arch === 'i386';
  const machine = textOf(root, '/domain/os/type/@machine');
  const q35 = machine !== undefined && /q35/.test(machine);
  const screen = x86 || arch === 'ppc64' || arch === 'ppc64le' ? 'vga' : 'virtio';
  return {
    machine,
    cdromBus: x86 ? (q35 ? 'sata' : 'ide') : 'scsi',
    video: textOf(root, '/domain/devices/video[1]/model/@type') ?? screen,
    // other machines have no PS/2, and libvirt refuses it there
    input: x86 ? { type: 'mouse', bus: 'ps2' } : { type: 'tablet', bus: 'usb' },
  };
}

/**
 * `source` is the file's name, for messages. Oz names no architecture in most of its files:
 * they mean `tdlArch`. Throws OZ_DOMAIN_XML.
 */
export function readDomainXml(text: string, source: string, tdlArch: Arch): ExistingGuest {
  if (text.length > limits.document) throw bad(source, tooLarge(limits.document).message);
  let document: XmlDocument;
  try {
    document = XmlDocument.fromString(text);
  } catch (error) {
    throw bad(source, messageOf(error).trim());
  }
  try {
    const { root } = document;
    if (root.name !== 'domain') throw bad(source, `its root is <${root.name}>, not <domain>`);
    const disk = '/domain/devices/disk[not(@device) or @device="disk"][1]';
    const name = textOf(root, '/domain/name');
    const path = textOf(root, `${disk}/source/@file`);
    if (!name || unsafeName.test(name)) throw bad(source, 'it has no usable <name>');
    const published = publishedImage(root);
    if (!path?.startsWith('/') && !(published && path === undefined)) {
      throw bad(source, 'it names no disk file by an absolute path');
    }
    const arch = arches[textOf(root, '/domain/os/type/@arch') ?? tdlArch];
    if (!arch) throw bad(source, 'its architecture is not known');
    const unit = memoryUnits[textOf(root, '/domain/memory/@unit') ?? 'KiB'];
    const memory = Math.round(
      (Number(textOf(root, '/domain/memory')) * (unit ?? Number.NaN)) / 1024,
    );
    const cpus = Number(textOf(root, '/domain/vcpu') ?? 1);
    if (!(memory >= 1)) throw bad(source, 'its <memory> is no amount of memory');
    if (!(Number.isInteger(cpus) && cpus >= 1)) throw bad(source, 'its <vcpu> is no number');
    const efi =
      textOf(root, '/domain/os/@firmware') === 'efi' ||
      !!textOf(root, '/domain/os/loader[not(@type="rom")]');
    const bus = textOf(root, `${disk}/target/@bus`) ?? 'virtio';
    return {
      name,
      disk: { path: path ?? null, format: textOf(root, `${disk}/driver/@type`) ?? 'raw' },
      ...(published && { published }),
      hardware: {
        arch,
        ...machineIn(root, arch),
        firmware: efi ? 'efi' : 'bios',
        // The image that takes the place of this one asks for them again.
        ...(published && { ...trustIn(root), input: pointerIn(root) }),
        memory,
        cpus,
        diskBus: bus as Hardware['diskBus'],
        nicModel: textOf(root, '/domain/devices/interface[1]/model/@type') ?? 'rtl8139',
        // A cloud gives its guests addresses of its own.
        mac: published ? undefined : textOf(root, '/domain/devices/interface[1]/mac/@address'),
        clock: textOf(root, '/domain/clock/@offset') === 'localtime' ? 'localtime' : 'utc',
      },
    };
  } finally {
    document.dispose();
  }
}

/** The same document, with another image in the cloud. Throws OZ_DOMAIN_XML. */
export function namePublished(
  text: string,
  source: string,
  { id, name, at, digest, userData }: Published,
): string {
  const document = XmlDocument.fromString(text);
  try {
    const element = document.root.get(publishedElement);
    if (!(element instanceof XmlElement)) throw bad(source, 'it names no image in a cloud');
    for (const old of element.attrs) old.remove();
    const values = {
      cloud: at,
      image: id,
      name,
      ...(digest && { [digest.algorithm]: digest.value }),
      ...(userData !== undefined && { 'user-data': userData ? 'yes' : 'no' }),
    };
    for (const [attribute, value] of Object.entries(values)) element.setAttr(attribute, value);
    return document.toString({ format: false, noDeclaration: !text.startsWith('<?xml') });
  } finally {
    document.dispose();
  }
}
