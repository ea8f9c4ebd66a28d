/** Words what is wrong with a TDL, and where. */
import { OzError } from '../base/errors.ts';
import { packageFile } from '../base/package-root.ts';

/** Templates to learn from, where they are: an installed tool has no clone beside it. */
export const examples = `see ${packageFile('tdl-examples')}`;

/** Where something stands in a TDL. */
export interface Place {
  file: string;
  line: number;
  /** From below the root, such as `os/arch`. */
  path: string;
}

export type TdlErrorCode =
  /** The file cannot be read at all. */
  | 'OZ_TDL_FILE'
  /** Not well-formed XML. */
  | 'OZ_TDL_XML'
  /** An XInclude that fails. */
  | 'OZ_TDL_INCLUDE'
  /** An element or attribute that is missing, unknown, or in the wrong place. */
  | 'OZ_TDL_SCHEMA'
  /** The right element with a value that makes no sense. */
  | 'OZ_TDL_VALUE'
  /** A URL on localhost that the guest cannot reach. */
  | 'OZ_TDL_LOCALHOST';

/** What to do, where nothing better is known. */
const hints: Readonly<Record<TdlErrorCode, string>> = {
  OZ_TDL_FILE: 'name a TDL that you can read',
  OZ_TDL_XML: 'correct the XML there; xmllint FILE checks it as well',
  OZ_TDL_INCLUDE: 'correct the xi:include there',
  OZ_TDL_SCHEMA: `correct the TDL there; for some that work ${examples}`,
  OZ_TDL_VALUE: 'correct the value there',
  OZ_TDL_LOCALHOST: "name the server by an address that the guest's network knows",
};

/** "Cannot use TDL f.tdl: line 7, element os/arch: <why>". */
export function tdlProblem(
  code: TdlErrorCode,
  place: Place,
  why: string,
  options: { hint?: string | undefined; cause?: unknown } = {},
): OzError {
  return new OzError(
    code,
    `Cannot use TDL ${place.file}: line ${place.line}, element ${place.path}: ${why}`,
    { ...options, hint: options.hint ?? hints[code] },
  );
}

/**
 * Where the parts of a Tdl stood. A side table, so that a Tdl stays plain data
 * and a part keeps its place when the Tdl around it is copied or merged.
 */
const places = new WeakMap<object, Place>();

/** Remembers where a part of a Tdl (a repository, the install section, …) stood. */
export function rememberPlace<T extends object>(part: T, place: Place): T {
  places.set(part, { file: place.file, line: place.line, path: place.path });
  return part;
}

/** Where a part of a Tdl stood, if it came from a document. */
export function placeOf(part: object): Place | undefined {
  return places.get(part);
}
