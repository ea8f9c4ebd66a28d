/** What oz check found, as a table and a paragraph for each file that there is something to say of. */
import type { ConfigReport } from '../../check/check-config.ts';
import type { Problem, TdlReport, Verdict } from '../../check/check-tdl.ts';
import { printable } from './format.ts';
import { textTable } from './table.ts';

export interface CheckReport {
  /** The one that must be able to build the templates. */
  backend: 'libvirt' | 'openstack';
  files: (TdlReport | ConfigReport)[];
}

/** Nothing in it has to change for that backend. */
export function isFine(report: TdlReport | ConfigReport, backend: CheckReport['backend']): boolean {
  if (report.problem) return false;
  return report.kind === 'config' || report.backends[backend]?.builds === true;
}

function how(verdict: Verdict | undefined): string {
  if (!verdict) return '-';
  if (!verdict.builds) return 'no';
  const { delivery, carrier, strategy } = verdict;
  const answer = delivery === carrier ? delivery : `${delivery}, ${carrier}`;
  return strategy === undefined ? answer : `${strategy}: ${answer}`;
}

function row(report: TdlReport | ConfigReport): string[] {
  if (report.problem) return [report.file, 'wrong', '-', '-'];
  if (report.kind === 'config') return [report.file, 'oz.cfg', '-', '-'];
  const { asked, os, backends } = report;
  const system = os ?? `${asked?.distro} ${asked?.version}`;
  return [report.file, system, how(backends.libvirt), how(backends.openstack)];
}

const wordsOf = ({ message, hint }: Problem) => (hint ? `${message} (${hint})` : message);

/** Lines of `what  text`; what both backends say is said once. */
function remarks(report: TdlReport | ConfigReport): [what: string, text: string][] {
  if (report.problem) return [['wrong', wordsOf(report.problem)]];
  if (report.kind === 'config') return report.warnings.map((text) => ['warning', text]);
  const said = Object.entries(report.backends).flatMap(([name, verdict]): [string, string][] =>
    verdict.builds
      ? verdict.warnings.map((text) => [name, text])
      : [[name, wordsOf(verdict.problem)]],
  );
  const [, ...others] = Object.keys(report.backends);
  const common = new Set(
    said.flatMap(([name, text]) =>
      others.every((other) => said.some(([n, t]) => n === other && t === text)) &&
      !others.includes(name)
        ? [text]
        : [],
    ),
  );
  return [
    ...[...common].map((text): [string, string] => ['both', text]),
    ...said.filter(([, text]) => !common.has(text)),
    ...report.differences.map(({ text }): [string, string] => ['differs', text]),
    ...report.deprecated.map(({ text }): [string, string] => ['outdated', text]),
  ];
}

function summary({ files, backend }: CheckReport): string {
  const bad = files.filter((file) => !isFine(file, backend)).length;
  const what = `${files.length} ${files.length === 1 ? 'file' : 'files'}`;
  return bad === 0
    ? `${what}: all right for ${backend}`
    : `${what}: ${bad} not right for ${backend}`;
}

export function checkText(report: CheckReport): string {
  const table = textTable([['File', 'System', 'libvirt', 'OpenStack'], ...report.files.map(row)]);
  const paragraphs = report.files.flatMap((file) => {
    const lines = textTable(remarks(file).map(([what, text]) => [`  ${what}`, text]));
    return lines.length > 0 ? [[file.file, ...lines].join('\n')] : [];
  });
  return printable(`${[table.join('\n'), ...paragraphs, summary(report)].join('\n\n')}\n`);
}
