/** A plan for people to read: sections of `name  value` lines and the documents in full. */
import type { maskPlan } from '../../plan/mask.ts';
import type { BuildPlan } from '../../plan/types.ts';
import { bytes, duration, printable } from './format.ts';

/** A masked plan, with where it would run and the guest's document. */
export type ShownPlan = ReturnType<typeof maskPlan> & {
  uri: string | null;
  /** One of the two: the domain's XML, or the request that makes a server. */
  domainXml?: string;
  server?: string;
  /** What the place has chosen: flavor, network, … */
  chosen?: Readonly<Record<string, string>>;
  /** The installer's ISO, where it is here already and known. */
  installer?: { file: string; holds: string };
};

type CustomiseStep = NonNullable<BuildPlan['customise']>['steps'][number];

type Row = [name: string, value: string | number | undefined | null];

const nameWidth = 14;

function rows(entries: readonly Row[]): string[] {
  return entries
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([name, value]) => `  ${name.padEnd(nameWidth)}${value}`);
}

function indented(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`);
}

function hardware({ hardware: h, disk }: ShownPlan): Row[] {
  return [
    ['architecture', `${h.arch}${h.machine ? `, machine ${h.machine}` : ''}`],
    ['firmware', h.firmware + (h.secureBoot ? ' with secure boot' : '') + (h.tpm ? ', TPM' : '')],
    ['cpus', h.cpus],
    ['memory', `${h.memory} MiB`],
    ['disk', `${bytes(disk.size)} ${disk.format} on ${h.diskBus}: ${disk.path}`],
    ['network', `${h.nicModel}${h.mac ? ` (${h.mac})` : ''}`],
    ['video', h.video],
    ['input', `${h.input.type} on ${h.input.bus}`],
    ['clock', h.clock],
    ['random', h.rng && `${h.rng.model} from ${h.rng.device}`],
  ];
}

function media({ media: list, jeos, installer }: ShownPlan): string[] {
  const lines = list.flatMap((medium) =>
    rows([
      [medium.role, medium.url],
      ['  holds', medium.role === 'installer' ? installer?.holds : undefined],
      ['  cached as', `${medium.cachePath}${medium.keep ? '' : ' (removed after the build)'}`],
      ['  checksum', medium.checksum && `${medium.checksum.type} from ${medium.checksum.url}`],
    ]),
  );
  return jeos ? [...lines, ...rows([['JEOS', jeos.path]])] : lines;
}

function delivery({ install }: ShownPlan): Row[] {
  const { kind, reason, rejected } = install.delivery;
  return [
    ['chosen', `${kind}: ${reason}`],
    ...rejected.map((other): Row => ['not', `${other.kind}: ${other.reason}`]),
    ['carrier', install.carrier],
    ...install.attach.map((a): Row => ['attached', `${a.role} as ${a.device}`]),
    ['restarts', `${install.reboots} before the power-off that means success`],
  ];
}

/** How the place starts the installer, where it has a choice. */
function strategy({ install }: ShownPlan): Row[] {
  if (!install.strategy) return [];
  const { name, reason, rejected } = install.strategy;
  const kernel = install.boot.kind === 'kernel' ? ['kernel', 'initrd'] : [];
  const staged = [...kernel, ...install.attach.map(({ role }) => role)];
  return [
    ['strategy', `${name}: ${reason}`],
    ...rejected.map((other): Row => ['not', `${other.name}: ${other.reason}`]),
    ['staged', staged.join(', ')],
  ];
}

function boot({ install }: ShownPlan): Row[] {
  if (install.boot.kind === 'cdrom') return [['from', 'the installer ISO itself']];
  const { kernel, initrd, cmdline } = install.boot;
  const from = (file: typeof kernel) =>
    file.from === 'iso' ? `${file.paths.join(' or ')} on the ISO` : 'the install tree';
  return [
    ['kernel', from(kernel)],
    ['initrd', from(initrd)],
    ['arguments', cmdline],
  ];
}

type Masked = { url: string } | { size: number } | { bytes: unknown };

/** Masking has turned the bytes into their size. */
function contentOf(content: unknown): string {
  const masked = content as Masked;
  if ('url' in masked) return `from ${masked.url}`;
  const size = 'size' in masked ? masked.size : (masked.bytes as { size?: number }).size;
  return size === undefined ? '' : bytes(size);
}

function step(s: CustomiseStep): string {
  switch (s.kind) {
    case 'repository':
      return `repository ${s.name}: ${s.url}${s.persisted ? '' : ' (removed afterwards)'}${s.signed ? '' : ' (unsigned)'}`;
    case 'packages':
      return `packages ${s.packages.map((p) => p.name).join(', ')}`;
    case 'file':
      return `file ${s.name} (${contentOf(s.content)})`;
    case 'command':
      return `${s.stage === 'pre' ? 'precommand' : 'command'} ${s.name} (${contentOf(s.content)})`;
  }
}

/** How the work in the installed system is done, where there was a choice. */
function wayIn({ access }: ShownPlan): Row[] {
  const { method, reason } = access ?? {};
  if (!method || !reason) return [];
  const way = method === 'ssh' ? 'over SSH' : 'by cloud-init, from user data';
  return [['second boot', `${way}: ${reason}`]];
}

function customisation(plan: ShownPlan): string[] {
  const { customise, seal } = plan;
  if (!customise) return ['  none', ...rows(wayIn(plan))];
  return [
    ...rows([...wayIn(plan), ['with', customise.packageManager]]),
    ...customise.steps.map((s, i) => `  ${`${i + 1}.`.padEnd(4)}${step(s)}`),
    ...rows([['then', `seal the image (${seal})`]]),
  ];
}

function outputs({ name, outputs: o, icicle, evidenceDir, timeouts }: ShownPlan): Row[] {
  const { result = 'download' } = o;
  return [
    ['in Glance', result === 'download' ? undefined : name],
    ['image', result === 'glance' ? undefined : `${o.image} (${o.imageType})`],
    ['libvirt XML', o.domainXml],
    ['ICICLE', icicle && (icicle.file ?? 'standard output')],
    ['on failure', `evidence in ${evidenceDir}`],
    [
      'time limits',
      `install ${duration(timeouts.install)}, inactivity ${duration(timeouts.inactivity)}, boot ${duration(timeouts.boot)}, shutdown ${duration(timeouts.shutdown)}`,
    ],
  ];
}

/** The whole text of `oz plan`. */
export function planText(plan: ShownPlan): string {
  const { os, tdl, install } = plan;
  const sections: [string, string[]][] = [
    [
      'Operating system',
      rows([
        ['TDL', tdl.source],
        ['asked for', `${tdl.distro} ${tdl.version} ${tdl.arch}`],
        ['taken as', `${os.name} (${os.id})${os.match === 'exact' ? '' : ', the newest known'}`],
        ['family', os.family],
      ]),
    ],
    [
      'Place',
      rows([
        ['backend', plan.backend],
        ['URI', plan.uri],
        ['guest', plan.guest.name],
        ...Object.entries(plan.chosen ?? {}),
      ]),
    ],
    ['Hardware', rows(hardware(plan))],
    ['Media', media(plan)],
    ['Delivery of the answer file', rows(delivery(plan))],
    ['Boot of the installer', rows([...strategy(plan), ...boot(plan)])],
    [
      `Answer file ${install.answer.filename} (${install.answer.origin})`,
      indented(install.answer.text),
    ],
    ...(plan.domainXml === undefined
      ? []
      : [['Domain XML', indented(plan.domainXml)] as [string, string[]]]),
    ...(plan.server === undefined
      ? []
      : [["Body of Nova's POST /servers", indented(plan.server)] as [string, string[]]]),
    ['Customization', customisation(plan)],
    ['Outputs', rows(outputs(plan))],
  ];
  if (plan.warnings.length > 0)
    sections.push(['Warnings', plan.warnings.map((text) => `  ${text}`)]);
  const head = `Plan for ${plan.name}${plan.description ? `: ${plan.description.trim()}` : ''}`;
  const text = [head, ...sections.map(([title, lines]) => [title, ...lines].join('\n'))].join(
    '\n\n',
  );
  return `${printable(text)}\n`;
}
