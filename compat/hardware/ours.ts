/** What we would do with the same TDL and oz.cfg, as facts. */
import path from 'node:path';
import type { StagedMedium } from '../../backends/backend.ts';
import { libvirtCapabilities } from '../../backends/libvirt/abilities.ts';
import { domainXml, finishedXml } from '../../backends/libvirt/domain-xml.ts';
import type { Osinfo } from '../../osinfo/types.ts';
import type { OzConfig } from '../../src/config/types.ts';
import { installSpec, runSpec } from '../../src/plan/guest-spec.ts';
import { plan } from '../../src/plan/plan.ts';
import type { BuildPlan } from '../../src/plan/types.ts';
import type { Tdl } from '../../src/tdl/types.ts';
import { argumentFacts, domainFacts, type Facts, prefixed } from './domain-facts.ts';
import { withoutLines } from './theirs.ts';

export interface Surroundings {
  root: string;
  config: OzConfig;
  osinfo: Osinfo;
  mac: string;
  /** The answer file that the user gives (-a). */
  answer: string;
}

/** A host that has what Oz takes for granted and no more, but for a second processor. */
const host = { cpus: 2, memory: 4096, user: 'root' };

export function ourPlan(tdl: Tdl, { config, osinfo, mac, root, answer }: Surroundings): BuildPlan {
  const uri = 'qemu:///system';
  return plan({
    ...{ tdl, config, osinfo, host },
    backend: { type: 'libvirt', uri, capabilities: libvirtCapabilities(uri, config.libvirt.type) },
    options: { customize: false, icicle: false, forceDownload: false, cleanup: false, mac },
    now: new Date(2026, 0, 1),
    cwd: root,
    answer: { name: 'answers', text: answer },
  });
}

/** What staging will have made, by what each file is for. */
function staged(made: BuildPlan) {
  const named = (role: StagedMedium['role'], ref: string = role): StagedMedium => ({
    ...{ role, ref, label: role },
  });
  const { install } = made;
  return {
    disk: { ref: made.disk.path, format: made.disk.format, size: made.disk.size },
    kernel: named('kernel'),
    initrd: named('initrd'),
    media: install.attach.map(({ role, device }) => ({
      ...named(
        role,
        role === 'answer' ? 'answers' : install.remaster ? 'rewritten installer' : role,
      ),
      device,
    })),
    consoleLog: '/probe/console.log',
  };
}

const kinds = ['kernel', 'initrd', 'installer', 'answers', 'rewritten installer'];

export function ourFacts(made: BuildPlan, { root, config }: Surroundings): Facts {
  const { install } = made;
  const parts = staged(made);
  const { type, bridgeName } = config.libvirt;
  const place = { uri: 'qemu:///system', type, bridge: bridgeName };
  const role = (file: string) => (kinds.includes(file) ? file : path.relative(root, file));
  const spec = installSpec(made, parts);
  const facts: Facts = {
    restarts: String(install.reboots),
    timeout: String(made.timeouts.install / 1000),
    'disk size': String(made.disk.size),
    jeos: path.relative(root, made.jeos?.path ?? ''),
  };
  for (const medium of made.media) {
    facts[`fetch ${medium.role}`] = medium.url;
    facts[`cache ${medium.role}`] = path.relative(root, medium.cachePath);
  }
  const described = [
    prefixed('install ', domainFacts(domainXml(spec, place), role)),
    ...(install.reboots > 0
      ? [prefixed('restart ', domainFacts(domainXml(spec, place, { kind: 'disk' }), role))]
      : []),
    prefixed('finished ', domainFacts(finishedXml(runSpec(made, parts), place), role)),
    prefixed(
      'argument ',
      argumentFacts(install.boot.kind === 'kernel' ? install.boot.cmdline : ''),
    ),
  ];
  return withoutLines(Object.assign(facts, ...described));
}
