/** oz check: whether templates and configurations are right, and how each backend would build them. */
import path from 'node:path';
import { homeOf } from '../base/home.ts';
import type { CheckSurroundings } from '../check/check-tdl.ts';
import { type Around, stdinName } from '../compose/around.ts';
import { placeholderAccess, thisHost } from '../compose/inputs.ts';
import { readConfig, readTemplate } from '../compose/settings.ts';
import type { Io } from './io.ts';
import { ozCheck } from './options.ts';
import type { CheckReport } from './render/check-text.ts';
import { runCommand } from './run-command.ts';
import { withSignals } from './signals.ts';
import { usageError } from './usage-error.ts';

interface CheckLine {
  config: string | undefined;
  backend: 'libvirt' | 'openstack' | undefined;
}

export async function checkSurroundings(
  line: CheckLine,
  io: Around,
): Promise<CheckSurroundings & { asked: 'libvirt' | 'openstack' }> {
  const [{ loadOsinfo }, { libvirtCapabilities }, { nominalCloud }] = await Promise.all([
    import('../../osinfo/index.ts'),
    import('../../backends/libvirt/abilities.ts'),
    import('../check/nominal.ts'),
  ]);
  const config = await readConfig(line, io);
  const { uri = 'qemu:///system', type } = config.libvirt;
  return {
    asked: line.backend ?? config.backend.type,
    config,
    osinfo: loadOsinfo({ env: io.env, needsInstalled: true }),
    places: { libvirt: libvirtCapabilities(uri, type), openstack: nominalCloud },
    host: thisHost(),
    cwd: io.cwd,
    access: placeholderAccess(config),
  };
}

/** `file` in the reports is as the user named it. */
async function checkFiles(
  line: CheckLine,
  operands: readonly string[],
  io: Around,
  signal: AbortSignal,
): Promise<CheckReport> {
  const [{ findFiles }, { checkTdl }, { checkConfig }] = await Promise.all([
    import('../check/find-files.ts'),
    import('../check/check-tdl.ts'),
    import('../check/check-config.ts'),
  ]);
  const found = [
    ...operands.filter((name) => name === stdinName).map((file) => ({ kind: 'tdl', file })),
    ...(await findFiles(
      operands.filter((name) => name !== stdinName),
      io.cwd,
      signal,
    )),
  ];
  const { asked, ...around } = await checkSurroundings(line, io);
  const where = { home: homeOf(io.env), isRoot: process.geteuid?.() === 0 };
  const files: CheckReport['files'] = [];
  for (const { kind, file } of found) {
    signal.throwIfAborted();
    const absolute = path.resolve(io.cwd, file);
    const read = () => readTemplate(file, io, signal);
    const report =
      kind === 'tdl'
        ? await checkTdl(absolute, around, { signal, read })
        : checkConfig(absolute, where);
    files.push({ ...report, file });
  }
  return { backend: asked, files };
}

export async function main(argv: readonly string[], io: Io): Promise<number> {
  return runCommand(ozCheck, argv, io, ({ options, operands }) =>
    withSignals(io, async (signal) => {
      if (operands.length === 0) throw usageError('the <file> argument is missing');
      const report = await checkFiles(options, operands, io, signal);
      const { checkText, isFine } = await import('./render/check-text.ts');
      io.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : checkText(report));
      return report.files.every((file) => isFine(file, report.backend)) ? 0 : 1;
    }),
  );
}
