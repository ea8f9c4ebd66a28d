/** What Oz does otherwise with a template, and what in it has had its day. */
import type { BuildPlan } from '../plan/types.ts';
import type { Tdl, TdlContent } from '../tdl/types.ts';
import { ozCustomises, ozRefuses, ozTakes } from './oz-support.ts';

export interface Remark {
  /** Stable, for programs. */
  class: string;
  text: string;
}

interface Rule {
  class: string;
  text: string | ((tdl: Tdl) => string);
  /** `plan` is missing where no backend can build it. */
  applies(tdl: Tdl, plan: BuildPlan | undefined): boolean;
}

/** Bytes; Oz hands a command over as one line. */
const largestCommand = 64 * 1024;

function isShellScript(content: TdlContent): boolean {
  if ('url' in content) return true; // not known before it is fetched
  const { bytes } = content;
  if (bytes.length > largestCommand) return false;
  const [, program] = /^#!\s*(\S+)/.exec(bytes.subarray(0, 200).toString('latin1')) ?? [];
  return program === undefined || /\/(ba|da)?sh$/.test(program);
}

const hasWork = ({ repositories, precommands, packages, files, commands }: Tdl) =>
  [repositories, precommands, packages, files, commands].some((list) => list.length > 0);

const windows = ({ distro }: Tdl) => distro === 'Windows';

/** RHEL and clones whose class fails in the last Oz. */
const brokenRhel =
  /^(RedHatEnterpriseLinux|RHEL|CentOS|ScientificLinux(Cern)?|SL|SLC|OL|OEL|OracleEnterpriseLinux)-(3|6|7|8|9)$/;

const differences: readonly Rule[] = [
  {
    class: 'unknown-to-oz',
    text: ({ distro, version }) => `Oz does not take ${distro} ${version}`,
    applies: (tdl) => !ozTakes(tdl),
  },
  {
    class: 'refused-by-oz',
    text: (tdl) => ozRefuses(tdl) ?? '',
    applies: (tdl) => ozTakes(tdl) && ozRefuses(tdl) !== undefined,
  },
  {
    class: 'not-customized-by-oz',
    text: 'Oz installs this system, but cannot customize it',
    applies: (tdl) => ozTakes(tdl) && !ozCustomises(tdl) && hasWork(tdl),
  },
  {
    class: 'crashes-in-oz',
    text: 'the last Oz crashes on this system',
    applies: (tdl) =>
      ozTakes(tdl) && (brokenRhel.test(tdl.distro) || (windows(tdl) && tdl.arch === 'x86_64')),
  },
  {
    class: 'python-3',
    text: 'Oz cannot write the answer file of Windows under Python 3',
    applies: (tdl) => ozTakes(tdl) && windows(tdl) && tdl.arch !== 'x86_64',
  },
  {
    class: 'iso-untouched',
    text: 'Oz unpacks and rewrites the ISO; here it stays as it is',
    applies: ({ install }, plan) =>
      install.type === 'iso' && plan !== undefined && plan.install.remaster === undefined,
  },
  {
    class: 'iso-in-one-pass',
    text: 'Oz unpacks the ISO and makes a new one; here files are added in one pass, boot records kept',
    applies: ({ install }, plan) => install.type === 'iso' && plan?.install.remaster !== undefined,
  },
  {
    class: 'checksum',
    text: 'Oz never comes to an end with a checksum under Python 3; here it is checked',
    applies: ({ install }) => install.checksum !== undefined,
  },
  {
    class: 'disk-size',
    text: 'there is no disk size: 10 GiB, or what the system needs (the last Oz: 10 bytes)',
    applies: ({ diskSize }) => diskSize === undefined,
  },
  {
    class: 'work-without-packages',
    text: 'Oz does nothing for a template with only repositories or precommands; here they are done',
    applies: ({ repositories, precommands, packages, files, commands }) =>
      repositories.length + precommands.length > 0 &&
      packages.length + files.length + commands.length === 0,
  },
  {
    class: 'package-parts',
    text: "Oz ignores a package's repository, file and arguments; here they count",
    applies: ({ packages }) =>
      packages.some((each) => each.repository ?? each.file ?? each.arguments),
  },
  {
    class: 'programs',
    text: 'Oz cannot run commands of other interpreters or over 64 KiB; here they are run',
    applies: ({ precommands, commands }) =>
      [...precommands, ...commands].some(({ content }) => !isShellScript(content)),
  },
  {
    class: 'kept-repositories',
    text: 'on this system Oz leaves repositories that are not to be persisted; here they are removed',
    applies: ({ distro, repositories }) =>
      /^(Debian|Ubuntu)$/.test(distro) && repositories.some(({ persisted }) => !persisted),
  },
];

const outdated: readonly Rule[] = [
  {
    class: 'weak-checksum',
    text: ({ install }) => `${install.checksum?.type}sum proves little: use sha256sum`,
    applies: ({ install }) => install.checksum !== undefined && install.checksum.type !== 'sha256',
  },
  {
    class: 'ftp',
    text: 'few servers still have ftp: use the https or http address',
    applies: ({ install, repositories }) =>
      [install, ...repositories].some(({ url }) => url.startsWith('ftp:')),
  },
  {
    class: 'unverified',
    text: 'a repository is taken without its signature, or without the check of its certificate',
    applies: ({ repositories }) => repositories.some((each) => !each.signed || !each.sslverify),
  },
  {
    class: 'newest-known',
    text: 'this version is not known yet: it is treated as the newest known one',
    applies: (_tdl, plan) => plan?.os.match === 'newest-known',
  },
];

const remarksOf =
  (rules: readonly Rule[]) =>
  (tdl: Tdl, plan: BuildPlan | undefined): Remark[] =>
    rules
      .filter((rule) => rule.applies(tdl, plan))
      .map((rule) => ({
        class: rule.class,
        text: typeof rule.text === 'function' ? rule.text(tdl) : rule.text,
      }));

/** What Oz does otherwise. */
export const differencesFromOz: (tdl: Tdl, plan: BuildPlan | undefined) => Remark[] =
  remarksOf(differences);

/** What should be written otherwise today. */
export const deprecations: (tdl: Tdl, plan: BuildPlan | undefined) => Remark[] =
  remarksOf(outdated);
