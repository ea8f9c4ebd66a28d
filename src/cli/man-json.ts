/** What --json prints, for the manual pages; the types see to it that nothing is forgotten. */
import type { Finding } from '../base/finding.ts';
import type { ConfigReport } from '../check/check-config.ts';
import type { Problem, TdlReport, Verdict } from '../check/check-tdl.ts';
import type { BuildEvent, WorkResult } from '../engine/events.ts';
import type { ShownPlan } from './render/plan-text.ts';

/** Every key of each member of a union. */
type KeyOf<T> = T extends unknown ? keyof T : never;
type Words<T> = Readonly<Record<KeyOf<T>, string>>;

interface JsonText {
  about: string;
  words: Readonly<Record<string, string>>;
}

const result: Words<Omit<WorkResult, 'ms' | 'name'>> = {
  image: 'the image, where it is a file here',
  imageFormat: 'its format',
  published: 'name and id of the image in Glance',
  domainXml: 'the libvirt XML',
  manifest: 'digests, sizes and versions',
  icicle: 'the file that the ICICLE was written to',
  icicleText: 'the ICICLE itself',
};

const listed = (words: Readonly<Record<string, string>>) =>
  Object.entries(words)
    .map(([key, text]) => `${key} (${text})`)
    .join(', ');

const events: Words<Record<BuildEvent['type'], unknown>> = {
  'build-start': 'name, backend and summary of what is built.',
  'phase-start':
    'phase (fetch-media, stage-media, create-disk, install, customize, icicle, seal, export or record) and title.',
  progress: 'phase, what is being done, done, total (null where it is not known) and their unit.',
  watch:
    'guest, consoleLog, the file here that its console is written to, screen, its address, and commands that show them; once when the installer starts, and when the installed system does.',
  kept: 'look and remove: commands for what was left where it is (--on-error=keep).',
  step: "phase, the installer's step (null while none is known), its percent (or null), line, the last that was printed while there is no step (or null), and written, the bytes written to the disk (or null).",
  'phase-end': 'phase, its ms, and skipped with the reason where there was nothing to do.',
  mark: 'mark, such as guest-started, guest-restarted, ssh-found or guest-stopped, and detail.',
  log: 'level (error, warning, info or debug) and text, whatever -d says.',
  output: 'source and text: a line that a command in the guest has printed.',
  result: `result, with name, ms, and what there is of ${listed(result)}.`,
  error:
    'code, which stays the same in later versions, message, hint, evidence, the directory with screenshot and logs, and console, the last lines of the guest. It is the last event of a build that fails.',
};

const build: JsonText = {
  about:
    'One event a line, each an object with its type and with at, the milliseconds since the start. The types, and what else they have:',
  words: events,
};

const plan: Words<ShownPlan> = {
  schema: '1.',
  name: 'Name of the template.',
  description: 'Its description.',
  backend: 'libvirt or openstack.',
  tdl: 'source, distro, version and arch as the template has them.',
  os: 'id, shortId, name and family of the system; match says whether it is known (exact) or taken for the newest that is (newest-known).',
  hardware: 'What the guest is made of.',
  guest: 'Name of the guest, and whose it is.',
  disk: 'path, format, and size in bytes.',
  media: 'What is fetched: role, url, and cachePath, the file it is kept in.',
  install:
    'The installer: delivery (kind and reason), answer (filename, origin and text), boot, strategy, reboots.',
  jeos: 'Finished installation that is kept or used.',
  customise: 'Steps, or null.',
  icicle: 'How packages are listed, or null.',
  access: 'How the build gets into the guest, or null.',
  seal: 'What is removed in the end.',
  outputs: 'image, imageType, domainXml, and result in a cloud.',
  evidenceDir: 'Where the evidence of a failure goes.',
  timeouts: 'In milliseconds.',
  warnings: 'Texts.',
  uri: 'Libvirt connection, or null.',
  domainXml: 'The XML that the guest is started with under libvirt.',
  server: 'The request that makes the server in a cloud.',
  chosen: 'Flavor, network and the like of a cloud; of libvirt, that the guest is emulated.',
  installer: 'file and what it holds, where the ISO is on this machine.',
};

const verdict: Words<Verdict> = {
  builds: 'true or false',
  delivery: 'way of the answer file',
  carrier: 'what carries it',
  reason: 'why so',
  strategy: 'of a cloud',
  answer: 'filename and origin',
  warnings: 'texts',
  problem: 'where it does not build',
};

const problem: Words<Problem> = { code: 'stable', message: 'for people', hint: 'what to do' };

const report: Words<TdlReport | ConfigReport> = {
  kind: 'tdl or config.',
  file: 'As it was named.',
  problem: `What is wrong with it (${listed(problem)}), or null.`,
  asked: 'distro, version and arch of a template.',
  os: 'What they are taken for.',
  backends: `For libvirt and openstack: ${listed(verdict)}.`,
  differences: 'What Oz does otherwise: class, which is stable, and text.',
  deprecated: 'What is outdated: the same.',
  backend: 'The one that a configuration names.',
  warnings: 'Texts about a configuration.',
};

const finding: Words<Finding> = {
  check: 'What was looked at: a word that stays the same.',
  state: 'ok, warning, or problem: without its solution no build works.',
  text: 'For people.',
  fix: 'What to type or to do.',
};

/** By command; of the others the output explains itself. */
export const jsonTexts: Readonly<Record<string, JsonText>> = {
  'oz-install': build,
  'oz-customize': build,
  'oz-generate-icicle': build,
  'oz plan': {
    about: 'One object; secrets in it are masked. Its keys, where there is something to say:',
    words: plan,
  },
  'oz check': {
    about:
      'One object with backend, the one that must be able to build the templates, and files, a list of objects. The keys of these, where there is something to say:',
    words: report,
  },
  'oz doctor': {
    about:
      'One object with ready, whether a build can work, and findings, a list of objects. The keys of these, where there is something to say:',
    words: finding,
  },
};
