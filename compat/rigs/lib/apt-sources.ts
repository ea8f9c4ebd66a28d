/** Finds the Debian mirror that this machine's apt uses. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { OzError } from '../../../src/base/errors.ts';

/** One repository of apt's configuration. */
export interface AptSource {
  uri: string;
  suites: string[];
}

/** Repositories of a deb822 file (`*.sources`). */
export function parseDeb822(text: string): AptSource[] {
  return text
    .replace(/^#.*\n?/gm, '')
    .split(/\n\s*\n/)
    .flatMap((stanza) => {
      const value = (name: string) =>
        new RegExp(`^${name}:[ \\t]*(.*(?:\\n[ \\t].*)*)`, 'im')
          .exec(stanza)?.[1]
          ?.trim()
          .split(/\s+/) ?? [];
      if (!value('Types').includes('deb') || value('Enabled')[0] === 'no') return [];
      return value('URIs').map((uri) => ({ uri, suites: value('Suites') }));
    });
}

/** Repositories of a one-line file (`sources.list`, `*.list`). */
export function parseOneLine(text: string): AptSource[] {
  return [...text.matchAll(/^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)/gm)].map((line) => ({
    uri: line[1] ?? '',
    suites: [line[2] ?? ''],
  }));
}

/** `mirror+file:` names a list of mirrors (cloud images have it); the first one is taken. */
function resolveMirrorList(uri: string): string {
  const list = /^mirror\+file:(?:\/\/)?(\/.*)$/.exec(uri)?.[1];
  if (!list || !existsSync(list)) return uri;
  return /^\s*([a-z]+:\S+)/m.exec(readFileSync(list, 'utf8').replace(/^#.*$/gm, ''))?.[1] ?? uri;
}

const debianSuite = /^(bookworm|trixie|forky|sid|stable|oldstable|testing|unstable)$/;

/** All repositories configured below `etc` (/etc/apt). */
function aptSources(etc = '/etc/apt'): AptSource[] {
  const parts = path.join(etc, 'sources.list.d');
  const names = existsSync(parts) ? readdirSync(parts).sort() : [];
  const files = [...names.map((name) => path.join(parts, name)), path.join(etc, 'sources.list')];
  return files.filter(existsSync).flatMap((file) => {
    if (file.endsWith('.sources')) return parseDeb822(readFileSync(file, 'utf8'));
    return file.endsWith('.list') ? parseOneLine(readFileSync(file, 'utf8')) : [];
  });
}

/**
 * URL of the Debian archive in apt's configuration, without a closing slash.
 * Security and third-party repositories don't count. Throws OZ_RIG_MIRROR when
 * there is none.
 */
export function aptMirror(etc?: string): string {
  for (const source of aptSources(etc)) {
    const uri = resolveMirrorList(source.uri);
    if (/^https?:/.test(uri) && source.suites.some((suite) => debianSuite.test(suite))) {
      return uri.replace(/\/+$/, '');
    }
  }
  throw new OzError('OZ_RIG_MIRROR', 'Cannot find a Debian mirror: apt is configured without one', {
    hint: 'name one: --mirror http://…/debian',
  });
}
