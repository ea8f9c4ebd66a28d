/**
 * The same grammar as tdl.rng, as data to explain a violation with: libxml2's
 * own words ("Extra element files in interleave") name neither the element at
 * fault nor what is wrong with it. tdl.rng has the last word; the tests hold
 * the two together.
 */
import type { Arch } from '../../backends/backend.ts';

export interface Shape {
  /** Child elements and how many of each: one, at most one, any number. */
  children?: Record<string, { of: Shape; count: '1' | '?' | '*' }>;
  /** Attributes: required, or the values that an optional one may have. */
  attributes?: Record<string, 'required' | { optional: RegExp; expected: string }>;
  /** What the text must be; absent: no text at all. */
  text?: { pattern: RegExp; expected: string } | 'any';
  /** Checks that look at more than one of these. */
  also?: (node: { attributes: Record<string, string>; text: string }) => string | undefined;
}

export const architectures: readonly Arch[] = [
  'x86_64',
  'i386',
  'aarch64',
  'armv7l',
  'ppc64',
  'ppc64le',
  's390x',
];

const text: Shape = { text: 'any' };
const one = (of: Shape = text) => ({ of, count: '1' }) as const;
const optional = (of: Shape = text) => ({ of, count: '?' }) as const;
const any = (of: Shape) => ({ of, count: '*' }) as const;

const yesOrNo: Shape = {
  text: { pattern: /^(yes|no|true|false)$/i, expected: "'yes', 'no', 'true' or 'false'" },
};

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

const contentType = {
  optional: /^(raw|base64|url)$/,
  expected: "'raw', 'base64' or 'url'",
} as const;

function checkBase64(mayBeEmpty: boolean): NonNullable<Shape['also']> {
  return ({ attributes, text: content }) =>
    attributes.type !== 'base64' || base64.test(content) || (mayBeEmpty && content.trim() === '')
      ? undefined
      : 'its content is not base64 (letters, digits, + and / in one piece, without white space)';
}

const fileShape: Shape = {
  attributes: { name: 'required', type: contentType },
  text: 'any',
  also: checkBase64(true),
};

const commandShape: Shape = {
  attributes: {
    name: 'required',
    position: { optional: /^[0-9]*$/, expected: 'a number' },
    type: contentType,
  },
  text: 'any',
  also: checkBase64(false),
};

const packagesShape: Shape = {
  children: {
    package: any({
      attributes: { name: 'required' },
      children: { repository: optional(), file: optional(), arguments: optional() },
    }),
  },
};

const repositoriesShape: Shape = {
  children: {
    repository: any({
      attributes: { name: 'required' },
      children: {
        url: one(),
        signed: optional(yesOrNo),
        persisted: optional(yesOrNo),
        sslverify: optional(yesOrNo),
      },
    }),
  },
};

const extra: Shape = { attributes: { source: 'required', destination: 'required' } };
const extrasShape: Shape = { children: { file: any(extra), directory: any(extra) } };

/** By install type. */
export const installShapes: Record<string, Shape> = {
  url: {
    attributes: { type: 'required' },
    children: { url: one(), extras: optional(extrasShape) },
  },
  iso: {
    attributes: { type: 'required' },
    children: {
      iso: one(),
      md5sum: optional(),
      sha1sum: optional(),
      sha256sum: optional(),
      extras: optional(extrasShape),
    },
  },
};

const commandsShape: Shape = { children: { command: any(commandShape) } };

export const templateShape: Shape = {
  attributes: { version: { optional: /^\s*1\.0\s*$/, expected: '1.0' } },
  children: {
    name: one(),
    os: one({
      children: {
        name: one(),
        version: one(),
        arch: one({
          text: {
            pattern: new RegExp(`^(${architectures.join('|')})$`),
            expected: `one of ${architectures.join(', ')}`,
          },
        }),
        install: one({ attributes: { type: 'required' } }),
        rootpw: optional(),
        key: optional(),
        kernelparam: optional(),
        icicle: optional({ children: { extra_command: one() } }),
      },
    }),
    description: optional(),
    disk: optional({
      children: {
        size: one({
          text: {
            pattern: /^[0-9]* *[kmgtpezy]?i?b?$/i,
            expected: "a whole number with an optional unit, such as '10', '20GiB' or '500MB'",
          },
        }),
      },
    }),
    packages: optional(packagesShape),
    repositories: optional(repositoriesShape),
    files: optional({ children: { file: any(fileShape) } }),
    precommands: optional(commandsShape),
    commands: optional(commandsShape),
  },
};

export const rootShapes = {
  template: templateShape,
  packages: packagesShape,
  repositories: repositoriesShape,
};

function namesBelow(shape: Shape): string[] {
  return Object.entries(shape.children ?? {}).flatMap(([name, { of }]) => [
    name,
    ...namesBelow(of),
  ]);
}

/** Every element name there is in a TDL. */
export const elementNames: ReadonlySet<string> = new Set([
  'template',
  ...[templateShape, ...Object.values(installShapes)].flatMap(namesBelow),
]);
