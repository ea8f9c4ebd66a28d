/** Asks a running guest for its packages. */
import { OzError } from '../base/errors.ts';
import type { Session } from '../customize/session.ts';
import { type Lister, listers } from './listers.ts';
import type { IciclePackage } from './xml.ts';

/** The lines of a command's output, without the last line's end. */
function linesOf(text: string): string[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

function listerNamed(name: string): Lister {
  const lister = listers[name];
  if (!lister) {
    throw new OzError('OZ_ICICLE_LISTER', `Cannot list packages with ${name}: it is not known`, {
      hint: `known: ${Object.keys(listers).join(', ')}`,
    });
  }
  return lister;
}

/**
 * All packages in the guest, in its own order. `extraCommand` is run once, as
 * Oz does, and must print one line for each package, in the order of the
 * lister's own command. Throws OZ_ICICLE_LIST, OZ_ICICLE_EXTRA.
 */
export async function listPackages(
  session: Session,
  lister: string,
  extraCommand?: string,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<IciclePackage[]> {
  const { command, parse } = listerNamed(lister);
  const list = await runListed(session, command, 'OZ_ICICLE_LIST', signal);
  const names = list.map(parse);
  if (!extraCommand?.trim()) return present(names.map((name) => ({ name })));
  const extras = await runListed(session, extraCommand, 'OZ_ICICLE_EXTRA', signal);
  if (extras.length !== names.length) {
    throw new OzError(
      'OZ_ICICLE_EXTRA',
      `Cannot match the icicle extra_command's output with the packages: it printed ${extras.length} lines for ${names.length} packages`,
      { hint: `it must print one line for each line of \`${command}\`, in the same order` },
    );
  }
  return present(names.map((name, index) => ({ name, extra: extras[index] ?? '' })));
}

/** Lines that name no installed package were kept only to keep count. */
function present(packages: { name: string | null; extra?: string }[]): IciclePackage[] {
  return packages.filter((item): item is IciclePackage => !!item.name);
}

async function runListed(
  session: Session,
  command: string,
  code: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const result = await session.run(command, { signal, okCodes: 'any' });
  if (result.code === 0) return linesOf(result.stdout);
  const tail = result.stderr.trim().split('\n').slice(-5).join('\n');
  throw new OzError(
    code,
    `Cannot list the guest's packages: \`${command}\` ended with exit code ${result.code}${tail ? `: ${tail}` : ''}`,
    {
      hint:
        code === 'OZ_ICICLE_EXTRA'
          ? 'correct os/icicle/extra_command in the TDL'
          : 'check that the image has this package manager',
    },
  );
}
