/** All manual pages, by file name. */
import { packageVersion } from '../base/package-root.ts';
import { manPage, pageName } from './man.ts';
import { configPage } from './man-config.ts';
import { tdlPage } from './man-tdl.ts';
import * as tables from './options.ts';

/** Of the words, not of the day they were written: pages change only when their text does. */
const edition = '2026-11-23';

export function manPages(): Record<string, string> {
  const meta = { version: packageVersion(), date: edition };
  return Object.fromEntries([
    ...Object.values(tables).map((spec) => [`${pageName(spec)}.1`, manPage(spec, meta)]),
    ['oz.cfg.5', configPage(meta)],
    ['oz-tdl.5', tdlPage(meta)],
  ]);
}
