/** How a system runs on a platform: which devices are preferred, with which drivers. */
import { elements, type XmlElement } from '../xml/parse.ts';
import type { Entity } from './entity.ts';
import { type DeviceLink, deviceLinksOf } from './os-record.ts';

export interface DeploymentRecord extends Entity {
  /** Ids; empty where the file does not say. */
  os: string;
  platform: string;
  devices: DeviceLink[];
}

export function readDeployment(id: string, parts: readonly XmlElement[]): DeploymentRecord {
  const idOf = (name: string): string =>
    parts.flatMap((part) => elements(part, name)).at(-1)?.attributes.id ?? '';
  return {
    id,
    params: new Map(),
    os: idOf('os'),
    platform: idOf('platform'),
    devices: deviceLinksOf({ outlines: parts }),
  };
}
