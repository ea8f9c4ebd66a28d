/** Finds and reads clouds.yaml, secure.yaml and clouds-public.yaml where OpenStack's own tools do. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import { codeOf, OzError } from '../../../src/base/errors.ts';
import { inWords, limits } from '../../../src/base/limits.ts';
import { readBoundedSync } from '../../../src/base/read-bounded.ts';

export type Tree = { [key: string]: unknown };

export interface CloudsFiles {
  /** The clouds.yaml that was read, or null. */
  file: string | null;
  /** Those that can be chosen: secure.yaml alone makes no cloud. */
  names: string[];
  /** By name, secure.yaml laid over clouds.yaml. */
  clouds: Record<string, Tree>;
  /** Vendors' profiles by name, of clouds-public.yaml. */
  profiles: Record<string, Tree>;
  /** What the user should know of them. */
  warnings: string[];
}

export interface Surroundings {
  env: NodeJS.ProcessEnv;
  cwd: string;
  home: string;
}

function searchPath({ env, cwd, home }: Surroundings): string[] {
  const site = (env.XDG_CONFIG_DIRS || '/etc/xdg').split(':').filter(Boolean);
  const places = [
    cwd,
    path.join(env.XDG_CONFIG_HOME || path.join(home, '.config'), 'openstack'),
    path.join(home, '.config', 'openstack'),
    ...site.map((dir) => path.join(dir, 'openstack')),
    '/etc/openstack',
  ];
  return [...new Set(places)];
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON is YAML, so one parser does for all three suffixes. */
function readTree(file: string): Tree | null {
  let text: string;
  try {
    const bytes = readBoundedSync(file, limits.document);
    if (!bytes) {
      throw new OzError(
        'OZ_CLOUD_CONFIG',
        `Cannot read ${file}: it is larger than ${inWords(limits.document)}`,
      );
    }
    text = bytes.toString('utf8');
  } catch (error) {
    if (error instanceof OzError) throw error;
    if (codeOf(error) === 'EACCES') return null; // somebody else's: the next place may have ours
    throw new OzError('OZ_CLOUD_CONFIG', `Cannot read ${file}: ${codeOf(error) ?? 'failed'}`);
  }
  let content: unknown;
  try {
    // Every value as a text: an id of digits alone must not become a number.
    // The last of two equal keys counts, as for OpenStack's own tools.
    content = parse(text, {
      schema: 'failsafe',
      customTags: ['null'],
      merge: true,
      uniqueKeys: false,
    });
  } catch (error) {
    // The parser quotes the offending line, which may hold a password: tell the place alone.
    const line = error instanceof YAMLParseError ? error.linePos?.[0].line : undefined;
    throw new OzError(
      'OZ_CLOUD_CONFIG',
      `Cannot read ${file}: it is not valid YAML${line ? ` (line ${line})` : ''}`,
      { hint: 'correct the file; indentation and tabs are the usual cause' },
    );
  }
  if (content === null || content === undefined) return {};
  if (!isTree(content)) {
    throw new OzError('OZ_CLOUD_CONFIG', `Cannot read ${file}: it is not a mapping`, {
      hint: 'it begins with "clouds:", and has the clouds by name below',
    });
  }
  return content;
}

/** The first file of that name that can be read; all others are ignored. */
function firstFile(
  name: string,
  named: string | undefined,
  around: Surroundings,
  warnings: string[],
): { file: string; content: Tree } | null {
  const files = searchPath(around).flatMap((dir) =>
    ['.yaml', '.yml', '.json'].map((suffix) => path.join(dir, name + suffix)),
  );
  for (const file of named ? [named, ...files] : files) {
    if (!existsSync(file)) continue;
    const content = readTree(file);
    if (content) return { file, content };
    warnings.push(`you may not read ${file}: it is left out`);
  }
  return null;
}

/** Trees merged key by key, the second one's values first. */
function mergeTrees(base: Tree, above: Tree): Tree {
  const result: Tree = { ...base };
  for (const [key, value] of Object.entries(above)) {
    const below = result[key];
    result[key] = isTree(below) && isTree(value) ? mergeTrees(below, value) : value;
  }
  return result;
}

function treesOf(value: unknown): Record<string, Tree> {
  if (!isTree(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, tree]) => [name, isTree(tree) ? tree : {}]),
  );
}

/**
 * Looks in the working directory, ~/.config/openstack and /etc/openstack (and
 * their XDG relatives), after OS_CLIENT_CONFIG_FILE and its like. Throws
 * `OZ_CLOUD_CONFIG` for a file that can't be understood.
 */
export function readCloudsFiles(around: Surroundings): CloudsFiles {
  const { env } = around;
  const warnings: string[] = [];
  const clouds = firstFile('clouds', env.OS_CLIENT_CONFIG_FILE, around, warnings);
  const secure = firstFile('secure', env.OS_CLIENT_SECURE_FILE, around, warnings);
  const vendors = firstFile('clouds-public', env.OS_CLIENT_VENDOR_FILE, around, warnings);
  const merged = mergeTrees(clouds?.content ?? {}, secure?.content ?? {});
  return {
    names: Object.keys(treesOf((clouds ?? secure)?.content.clouds)),
    file: clouds?.file ?? secure?.file ?? null,
    clouds: treesOf(merged.clouds),
    profiles: treesOf(vendors?.content['public-clouds']),
    warnings,
  };
}
