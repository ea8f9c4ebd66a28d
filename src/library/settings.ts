/** From the options of a call to what the commands work with. */
import path from 'node:path';
import process from 'node:process';
import type { Around } from '../compose/around.ts';
import { findPlace } from '../compose/places.ts';
import { readConfig, type Settings } from '../compose/settings.ts';
import { createEventStream, type EventStream } from '../engine/event-stream.ts';
import type { PlanOptions as Decisions } from '../plan/input.ts';
import type { Tdl } from '../tdl/types.ts';
import type { BuildOptions, CommonOptions, WorkingOptions } from './options.ts';

export function aroundOf({ env, cwd }: CommonOptions): Around {
  return { env: env ?? process.env, cwd: path.resolve(cwd ?? process.cwd()) };
}

export async function settingsOf(tdl: Tdl, options: CommonOptions): Promise<Settings> {
  const around = aroundOf(options);
  const { config: given } = options;
  const config = typeof given === 'object' ? given : await readConfig({ config: given }, around);
  const { loadOsinfo } = await import('../../osinfo/index.ts');
  const osinfo = loadOsinfo({ env: around.env, needsInstalled: true });
  const place = await findPlace(options.backend ?? config.backend.type, config, around);
  return { tdl, config, osinfo, place };
}

const absolute = (cwd: string, file: string | undefined) =>
  file === undefined ? undefined : path.resolve(cwd, file);

export function decisionsOf(options: BuildOptions): Decisions {
  const { cwd } = aroundOf(options);
  const { icicle, diskBus, nicModel, mac, timeout } = options;
  return {
    customize: options.customize ?? false,
    icicle: icicle !== undefined && icicle !== false,
    icicleFile: typeof icicle === 'string' ? path.resolve(cwd, icicle) : undefined,
    xmlFile: absolute(cwd, options.xmlFile),
    disk: absolute(cwd, options.disk),
    ...{ diskBus, nicModel, mac, timeout },
    forceDownload: options.forceDownload ?? false,
    cleanup: options.replace ?? false,
  };
}

/** A stream that tells the caller, and a signal even where the caller has none. */
export function runningOf({ onEvent, signal }: WorkingOptions): {
  stream: EventStream;
  signal: AbortSignal;
} {
  const stream = createEventStream();
  if (onEvent) stream.subscribe(onEvent);
  return { stream, signal: signal ?? new AbortController().signal };
}
