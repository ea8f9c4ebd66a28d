/** Media and trees, as plain data. */
import { param } from '../database/entity.ts';
import type { SourceRecord } from '../database/os-record.ts';
import type { InstallSource } from '../types.ts';

/** libosinfo counts the restart after the installation too; that one is a power-off here. */
function reboots(text: string | undefined): number {
  const count = text === undefined ? 1 : Number.parseInt(text, 10);
  return Number.isFinite(count) ? Math.max(0, count - 1) : 0;
}

function installSource({ id, params }: SourceRecord): InstallSource {
  const optional = {
    url: 'url',
    kernel: 'kernel',
    initrd: 'initrd',
    bootIso: 'boot-iso',
    variant: 'variant',
  };
  const source: InstallSource = {
    id,
    arch: param(params, 'architecture') ?? '',
    live: param(params, 'live') === 'true',
    installer: (param(params, 'installer') ?? 'true') === 'true',
    installerReboots: reboots(param(params, 'installer-reboots')),
  };
  for (const [key, name] of Object.entries(optional)) {
    const value = param(params, name);
    if (value !== undefined) Object.assign(source, { [key]: value });
  }
  return source;
}

/** Those for an architecture or for all. */
export function sourcesFor(records: readonly SourceRecord[], arch: string): InstallSource[] {
  return records.map(installSource).filter((source) => [arch, 'all'].includes(source.arch));
}
