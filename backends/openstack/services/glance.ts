/** Glance: images, their data and properties. */

import type { Pace } from '../http/pace.ts';
import type { ServiceClient } from './client.ts';
import { createDownload } from './glance-download.ts';
import { createImages } from './glance-images.ts';
import { createImport } from './glance-import.ts';
import { createUpload } from './glance-upload.ts';
import type { Glance } from './types.ts';

export interface GlanceOptions {
  client: ServiceClient;
  projectId: string;
  /** Newest minor version, `2.16`; null: not told. */
  newest: string | null;
  pace: Pace;
  log: (line: string) => void;
}

export function createGlance(options: GlanceOptions): Glance {
  const images = createImages(options);
  const waiting = createImport(options, images.image);
  return {
    ...images,
    ...waiting,
    upload: createUpload(options, images.image, waiting.waitForImage),
    download: createDownload(options),
  };
}
