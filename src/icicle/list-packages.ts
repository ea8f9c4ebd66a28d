/** Asks a running guest for its packages. */
import { OzError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { withoutTrailing } from '../base/text-ends.ts';
import type { Session } from '../customize/session.ts';
import { type Lister, listers } from './listers.ts';
import type { IciclePackage } from './xml.ts';

/** The lines of a command's output, without the last line's end. Throws `code`. */
function linesOf(text: string, code: string): string[] {
  const lines = withoutTrailing(text, '\r\n').split(/\r?\n/, limits.packages + 1);
  if (lines.length <= limits.packages) return lines[0] === '' && lines.length === 1 ? [] : lines;
  throw new OzError(
    code,
    `Cannot list the guest's packages: there are more than ${limits.packages} lines`,
    { hint: 'the guest is broken, or means harm' },
  );
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

/** The command that prints the packages. Throws OZ_ICICLE_LISTER. */
export function listingCommand(lister: string): string {
  return listerNamed(lister).command;
}

/**
 * All packages in the guest, in its own order, from what its commands printed.
 * `extra` has one line for each line of `list`. Throws OZ_ICICLE_LISTER,
 * OZ_ICICLE_LIST, OZ_ICICLE_EXTRA.
 */
export function packagesFrom(lister: string, list: string, extra?: string): IciclePackage[] {
  const { command, parse } = listerNamed(lister);
  const names = linesOf(list, 'OZ_ICICLE_LIST').map(parse);
  if (extra === undefined) return present(names.map((name) => ({ name })));
  const extras = linesOf(extra, 'OZ_ICICLE_EXTRA');
  if (extras.length !== names.length) {
    throw new OzError(
      'OZ_ICICLE_EXTRA',
      `Cannot match the icicle extra_command's output with the packages: it printed ${extras.length} lines for ${names.length} packages`,
      { hint: `it must print one line for each line of \`${command}\`, in the same order` },
    );
  }
  return present(names.map((name, index) => ({ name, extra: extras[index] ?? '' })));
}

/**
 * The same, asked over SSH. `extraCommand` is run once, as Oz does, and must
 * print one line for each package, in the order of the lister's own command.
 * Throws OZ_ICICLE_LIST, OZ_ICICLE_EXTRA.
 */
export async function listPackages(
  session: Session,
  lister: string,
  extraCommand?: string,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<IciclePackage[]> {
  const list = await runListed(session, listingCommand(lister), 'OZ_ICICLE_LIST', signal);
  const extra = extraCommand?.trim()
    ? await runListed(session, extraCommand, 'OZ_ICICLE_EXTRA', signal)
    : undefined;
  return packagesFrom(lister, list, extra);
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
): Promise<string> {
  const result = await session.run(command, { signal, okCodes: 'any', whole: true });
  if (result.code === 0) return result.stdout;
  throw listingFailed(command, code, result.code, result.stderr.trim().split('\n'));
}

/** `code` tells whose command failed: OZ_ICICLE_LIST or OZ_ICICLE_EXTRA. */
export function listingFailed(
  command: string,
  code: string,
  exitCode: number,
  output: readonly string[],
): OzError {
  const tail = output.slice(-5).join('\n');
  return new OzError(
    code,
    `Cannot list the guest's packages: \`${command}\` ended with exit code ${exitCode}${tail ? `: ${tail}` : ''}`,
    {
      hint:
        code === 'OZ_ICICLE_EXTRA'
          ? 'correct os/icicle/extra_command in the TDL'
          : 'check that the image has this package manager',
    },
  );
}
