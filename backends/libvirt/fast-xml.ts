/** fast-xml-parser out of its one-file bundle: the many ESM files cost 45 ms to load, this 6. */
import { createRequire } from 'node:module';

const bundle = createRequire(import.meta.url)(
  'fast-xml-parser',
) as typeof import('fast-xml-parser');

export const { XMLBuilder, XMLParser } = bundle;
