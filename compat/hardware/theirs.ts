/** What the real Oz would do with a TDL, as facts. */
import path from 'node:path';
import type { Arch } from '../../backends/backend.ts';
import { argumentFacts, domainFacts, type Facts, prefixed } from './domain-facts.ts';

/** A system, where it is to run, and where it comes from. */
export interface Combination {
  distro: string;
  version: string;
  arch: Arch;
  type: 'url' | 'iso';
}

/** One object of peer.py's answer. */
export type PeerAnswer = Combination &
  (
    | { crash: string }
    | {
        crash?: undefined;
        /** URL and path of everything that is downloaded. */
        fetched: [url: string, path: string][];
        /** The XML of each domain that is started, in order. */
        runs: string[];
        /** Seconds. */
        timeout: number;
        /** Of the kernel's command line or of the boot loader's. */
        arguments: string | null;
        /** Whether Oz starts a kernel itself. */
        direct: boolean;
        jeos: string | null;
        finished: string;
        /** GiB up to 0.17, bytes later. */
        size: number;
        paths: Partial<Record<PathName, string>>;
      }
  );

type PathName =
  | 'orig_iso'
  | 'output_iso'
  | 'orig_floppy'
  | 'output_floppy'
  | 'kernelcache'
  | 'initrdcache'
  | 'kernelfname'
  | 'initrdfname';

const cached: Partial<Record<PathName, string>> = {
  orig_iso: 'installer',
  orig_floppy: 'floppy',
  kernelcache: 'kernel',
  initrdcache: 'initrd',
};

const roles: Partial<Record<PathName, string>> = {
  orig_iso: 'installer',
  output_iso: 'rewritten installer',
  output_floppy: 'answers',
  kernelfname: 'kernel',
  initrdfname: 'initrd',
};

/** `file` by what it is for; others by their place below `root`. */
function roleOf(answer: { paths: Partial<Record<PathName, string>> }, root: string) {
  return (file: string): string => {
    const found = Object.entries(roles).find(([name]) => answer.paths[name as PathName] === file);
    return found?.[1] ?? path.relative(root, file);
  };
}

const gibibyte = 1024 ** 3;

/** Null where Oz itself fails. */
export function theirFacts(answer: PeerAnswer, root: string): Facts | null {
  if (answer.crash !== undefined) return null;
  const role = roleOf(answer, root);
  const facts: Facts = {
    restarts: String(answer.runs.length - 1),
    timeout: String(answer.timeout),
    'disk size': String(answer.size < 4096 ? answer.size * gibibyte : answer.size),
    jeos: path.relative(root, answer.jeos ?? ''),
  };
  for (const [url, file] of answer.fetched) {
    const name = Object.entries(cached).find(([key]) => answer.paths[key as PathName] === file);
    facts[`fetch ${name?.[1] ?? file}`] = url;
    facts[`cache ${name?.[1] ?? file}`] = path.relative(root, file);
  }
  const [install = '', restart] = answer.runs;
  const described = [
    prefixed('install ', domainFacts(install, role)),
    ...(restart ? [prefixed('restart ', domainFacts(restart, role))] : []),
    prefixed('finished ', domainFacts(answer.finished, role)),
    prefixed('argument ', argumentFacts(answer.arguments ?? '')),
  ];
  return withoutLines(Object.assign(facts, ...described));
}

/** The kernel's command line is compared argument by argument. */
export function withoutLines(facts: Facts): Facts {
  return Object.fromEntries(Object.entries(facts).filter(([key]) => !key.endsWith('os/cmdline')));
}
