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

const start = ({ kernel, initrd }: InstallSource) => ({ kernel, initrd });

/**
 * Those for an architecture or for all, our own after those that the database states. One that
 * does not say what starts its installer is told by ours of the same kind.
 */
export function sourcesFor(records: readonly SourceRecord[], arch: string): InstallSource[] {
  const fitting = (filling: boolean): InstallSource[] =>
    records
      .filter((record) => record.filling === filling)
      .map(installSource)
      .filter((source) => [arch, 'all'].includes(source.arch));
  const ours = fitting(true);
  const stated = fitting(false).map((source) => {
    if (source.kernel !== undefined || source.initrd !== undefined || !source.installer)
      return source;
    const alike = ours.find(
      (own) => own.live === source.live && own.kernel !== undefined && own.initrd !== undefined,
    );
    return alike ? { ...source, ...start(alike) } : source;
  });
  return [...stated, ...ours];
}
