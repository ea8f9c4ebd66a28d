/** File names, as Oz's users and their scripts know them. */
import path from 'node:path';
import type { OzConfig } from '../config/types.ts';
import { imageExtension } from '../image/formats.ts';
import type { Tdl } from '../tdl/types.ts';

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

function two(n: number): string {
  return String(n).padStart(2, '0');
}

/** `Nov_22_2026-14:03:09`, local time, English months whatever the locale. */
export function timeStamp(now: Date): string {
  const day = `${months[now.getMonth()]}_${two(now.getDate())}_${now.getFullYear()}`;
  return `${day}-${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
}

export function imagePath(tdl: Tdl, config: OzConfig): string {
  return path.join(config.paths.outputDir, tdl.name + imageExtension(config.libvirt.imageType));
}

function systemName(tdl: Pick<Tdl, 'distro' | 'version' | 'arch'>): string {
  return `${tdl.distro}${tdl.version}${tdl.arch}`;
}

export function jeosPath(tdl: Tdl, config: OzConfig): string {
  const file = systemName(tdl) + imageExtension(config.libvirt.imageType);
  return path.join(config.paths.dataDir, 'jeos', file);
}

export function isoCachePath(
  tdl: Pick<Tdl, 'distro' | 'version' | 'arch' | 'install'>,
  config: OzConfig,
): string {
  return path.join(config.paths.dataDir, 'isos', `${systemName(tdl)}-${tdl.install.type}.iso`);
}

export function driversCachePath(file: string, config: OzConfig): string {
  return path.join(config.paths.dataDir, 'isos', `drivers-${path.basename(file)}`);
}

export function kernelCachePath(tdl: Tdl, config: OzConfig, role: 'kernel' | 'initrd'): string {
  const name = `${systemName(tdl)}-${role === 'kernel' ? 'kernel' : 'ramdisk'}`;
  return path.join(config.paths.dataDir, 'kernels', name);
}

export function domainXmlPath(tdl: Tdl, cwd: string, now: Date): string {
  return path.join(cwd, `${tdl.name}${timeStamp(now)}`);
}
