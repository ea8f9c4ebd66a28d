/** One template: whether it is right, and how each backend would build it. */
import type { Capabilities } from '../../backends/backend.ts';
import type { Osinfo } from '../../osinfo/types.ts';
import { codeOf, messageOf, OzError } from '../base/errors.ts';
import type { OzConfig } from '../config/types.ts';
import type { PlanInput } from '../plan/input.ts';
import { plan } from '../plan/plan.ts';
import type { BuildPlan } from '../plan/types.ts';
import { checkReachability } from '../tdl/localhost.ts';
import { readTdl } from '../tdl/read.ts';
import type { Tdl } from '../tdl/types.ts';
import { deprecations, differencesFromOz, type Remark } from './differences.ts';

export interface Problem {
  code: string;
  message: string;
  hint?: string | undefined;
}

export type BackendName = 'libvirt' | 'openstack';

/** How one backend would build it, or why not. */
export type Verdict =
  | {
      builds: true;
      /** How the answer file gets there, and why so. */
      delivery: string;
      carrier: string;
      reason: string;
      strategy?: string | undefined;
      /** The answer file's name and where it comes from. */
      answer: { filename: string; origin: string };
      warnings: string[];
    }
  | { builds: false; problem: Problem };

export interface TdlReport {
  kind: 'tdl';
  file: string;
  /** Null: the file is right. */
  problem: Problem | null;
  /** As the template names it. */
  asked?: { distro: string; version: string; arch: string } | undefined;
  /** What it is taken as; absent where no backend knows it. */
  os?: string | undefined;
  backends: Partial<Record<BackendName, Verdict>>;
  /** What Oz does otherwise. */
  differences: Remark[];
  deprecated: Remark[];
}

/** What templates are checked against. */
export interface CheckSurroundings {
  config: OzConfig;
  osinfo: Osinfo;
  /** What each backend can do. */
  places: Readonly<Record<BackendName, Capabilities>>;
  host: PlanInput['host'];
  cwd: string;
  access: NonNullable<PlanInput['access']>;
}

export function problemOf(error: unknown): Problem {
  const hint = error instanceof OzError ? error.hint : undefined;
  return { code: codeOf(error) ?? 'OZ_UNEXPECTED', message: messageOf(error), hint };
}

function planFor(tdl: Tdl, type: BackendName, around: CheckSurroundings): BuildPlan {
  const { config, osinfo, places, host, cwd, access } = around;
  const capabilities = places[type];
  checkReachability(tdl, { localhostReachable: capabilities.hostAddress !== null });
  const asked = (icicle: boolean) =>
    plan({
      ...{ tdl, osinfo, host, cwd, access },
      // of oz.cfg itself there is a report of its own
      config: { ...config, openstack: config.openstack, warnings: [] },
      backend: { type, capabilities },
      options: { customize: true, icicle, forceDownload: false, cleanup: false },
      now: new Date(0),
    });
  try {
    return asked(true);
  } catch (error) {
    if (codeOf(error) !== 'OZ_PLAN_NO_PACKAGES') throw error;
    return asked(false);
  }
}

function verdictOf({ install, warnings }: BuildPlan): Verdict {
  return {
    builds: true,
    delivery: install.delivery.kind,
    carrier: install.carrier,
    reason: install.delivery.reason,
    strategy: install.strategy?.name,
    answer: { filename: install.answer.filename, origin: install.answer.origin },
    warnings,
  };
}

export interface CheckOptions {
  signal?: AbortSignal | undefined;
  /** How the template is read, where not from the file. */
  read?: (() => Promise<Tdl>) | undefined;
}

/** Never throws for what is wrong with the file. */
export async function checkTdl(
  file: string,
  around: CheckSurroundings,
  { signal, read = () => readTdl(file, { signal }) }: CheckOptions = {},
): Promise<TdlReport> {
  const report: TdlReport = {
    kind: 'tdl',
    file,
    problem: null,
    backends: {},
    differences: [],
    deprecated: [],
  };
  let tdl: Tdl;
  try {
    tdl = await read();
  } catch (error) {
    signal?.throwIfAborted();
    return { ...report, problem: problemOf(error) };
  }
  let planned: BuildPlan | undefined;
  for (const type of ['libvirt', 'openstack'] as const) {
    try {
      const made = planFor(tdl, type, around);
      planned ??= made;
      report.backends[type] = verdictOf(made);
    } catch (error) {
      report.backends[type] = { builds: false, problem: problemOf(error) };
    }
  }
  const { distro, version, arch } = tdl;
  return {
    ...report,
    asked: { distro, version, arch },
    os: planned?.os.name,
    differences: differencesFromOz(tdl, planned),
    deprecated: deprecations(tdl, planned),
  };
}
