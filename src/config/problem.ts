/** Words what is wrong with oz.cfg, and where. */
import { OzError } from '../base/errors.ts';

export interface ConfigPlace {
  file: string;
  line?: number | undefined;
  section?: string | undefined;
  key?: string | undefined;
}

export type ConfigErrorCode =
  /** The file cannot be read at all. */
  | 'OZ_CONFIG_FILE'
  /** Not the form of an INI file. */
  | 'OZ_CONFIG_SYNTAX'
  /** A value of the wrong kind. */
  | 'OZ_CONFIG_VALUE';

/** "Cannot use oz.cfg: line 7, [libvirt] memory: <why>". */
export function configProblem(
  code: ConfigErrorCode,
  place: ConfigPlace,
  why: string,
  options: { hint?: string | undefined; cause?: unknown } = {},
): OzError {
  const where = [
    place.line === undefined ? undefined : `line ${place.line}`,
    place.section === undefined
      ? undefined
      : [`[${place.section}]`, place.key].filter(Boolean).join(' '),
  ].filter((part) => part !== undefined);
  const prefix = where.length > 0 ? `${where.join(', ')}: ` : '';
  return new OzError(code, `Cannot use ${place.file}: ${prefix}${why}`, options);
}
