/**
 * The udeb index with our udebs, and a Release file to match. The installer's
 * net-retriever reads Release; debootstrap and apt read InRelease, which stays
 * Debian's own, signed one, and is still right for all that they read.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { runTool } from '../../../src/base/run-tool.ts';
import { writeFileTo } from '../lib/files.ts';
import { type Build, served } from './build.ts';

export async function makeUdebIndex(build: Build): Promise<void> {
  const dist = (file: string) => served(build, 'dists', build.archive.options.suite, file);
  const text = Buffer.from(`${[...build.udebs.values()].join('\n\n')}\n`);
  const packed = (
    await runTool('xz', ['-c'], { input: text, signal: build.signal, most: Infinity })
  ).stdout;
  let { release } = build.archive;
  const forms = { '': text, '.gz': gzipSync(text), '.xz': packed };
  for (const [extension, data] of Object.entries(forms)) {
    const name = `main/debian-installer/binary-amd64/Packages${extension}`;
    await writeFileTo(dist(name), data);
    for (const algorithm of ['md5', 'sha256']) {
      const digest = createHash(algorithm).update(data).digest('hex');
      const line = new RegExp(
        `^ [0-9a-f]{${digest.length}} +\\d+ ${name.replaceAll('.', '\\.')}$`,
        'm',
      );
      release = release.replace(line, ` ${digest} ${String(data.length).padStart(8)} ${name}`);
    }
  }
  await writeFileTo(dist('Release'), release);
}
