/** What a TDL's repository URL means to apt. */

import { OzError } from '../../base/errors.ts';
import { stripped } from '../../base/text-ends.ts';

export type AptSource =
  | {
      kind: 'line';
      type: 'deb' | 'deb-src';
      /** Inside the brackets, such as `arch=amd64`. */
      options: string;
      uri: string;
      /** Suite and components; empty: the guest's own suite and `main`. */
      rest: string;
    }
  | { kind: 'ppa'; name: string };

function bad(url: string, why: string): OzError {
  return new OzError(
    'OZ_APT_SOURCE',
    `Cannot use repository "${url.replace(/:\/\/[^/@\s]*@/g, '://')}": ${why}`,
    {
      hint: 'write it as apt does: deb http://host/debian suite main, or give the URL alone',
    },
  );
}

/**
 * Oz writes the text as it is into sources.list.d (Debian) or hands it to
 * apt-add-repository (Ubuntu), so it is a one-line entry, a URL or a PPA; quotes
 * around it are dropped as there. Throws OZ_APT_SOURCE.
 */
export function parseAptSource(url: string): AptSource {
  const text = stripped(url.trim(), /['"]/).trim();
  if (/\p{Cc}/u.test(text)) throw bad(url, 'it has control characters');
  if (/^ppa:\S+$/.test(text)) return { kind: 'ppa', name: text };
  const match =
    /^(?:(deb|deb-src)\s+)?(?:\[([^\]]*)\]\s*)?([a-z][a-z0-9+.-]*:\S+)(?:\s+(.*))?$/i.exec(text);
  if (!match) throw bad(url, 'it is neither a sources.list entry, nor a URL, nor a PPA');
  const [, type = 'deb', options = '', uri = '', rest = ''] = match;
  return {
    kind: 'line',
    type: type === 'deb-src' ? 'deb-src' : 'deb',
    options: options.trim(),
    uri,
    rest: rest.trim(),
  };
}
