/** One oz.cfg: whether it is right, and what in it nobody reads. */
import { type LoadConfigOptions, loadConfig } from '../config/load.ts';
import { type Problem, problemOf } from './check-tdl.ts';

export interface ConfigReport {
  kind: 'config';
  file: string;
  /** Null: the file is right. */
  problem: Problem | null;
  backend?: 'libvirt' | 'openstack' | undefined;
  warnings: string[];
}

export function checkConfig(
  file: string,
  where: Pick<LoadConfigOptions, 'home' | 'isRoot'>,
): ConfigReport {
  try {
    const { backend, warnings } = loadConfig({ ...where, path: file });
    return { kind: 'config', file, problem: null, backend: backend.type, warnings };
  } catch (error) {
    return { kind: 'config', file, problem: problemOf(error), warnings: [] };
  }
}
