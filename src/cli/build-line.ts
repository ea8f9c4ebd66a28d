/** The command line of oz-install and oz plan, as plan() takes it. */
import path from 'node:path';
import { OzError } from '../base/errors.ts';
import type { Around } from '../compose/around.ts';
import type { PlanOptions } from '../plan/input.ts';
import type { OptionValues } from './option-table.ts';
import type { ozPlan } from './options.ts';

const absolute = (io: Around, file: string | undefined) =>
  file === undefined ? undefined : path.resolve(io.cwd, file);

/** The options of oz-install and oz plan that plan() decides from. */
export type BuildLine = Pick<
  OptionValues<typeof ozPlan.options>,
  Exclude<keyof typeof ozPlan.options, 'help' | 'version' | 'json' | 'debug'>
>;

export function planOptions(line: BuildLine, io: Around): PlanOptions {
  return {
    customize: line.customize,
    icicle: line.generateIcicle,
    icicleFile: absolute(io, line.icicle),
    xmlFile: absolute(io, line.xmlfile),
    diskBus: line.diskBus,
    nicModel: line.networkDevice,
    mac: line.macAddress,
    disk: line.disk, // an absolute path is asked for, as in Oz
    timeout: line.timeout,
    forceDownload: line.forceDownload,
    cleanup: line.cleanup,
  };
}

/** `-i` says where the ICICLE goes that `-g` asks for. */
export function checkIcicleOption(line: BuildLine): void {
  if (line.icicle !== undefined && !line.generateIcicle) {
    throw new OzError('OZ_USAGE', 'The -i option must be combined with the -g option', {
      exitCode: 3,
    });
  }
}
