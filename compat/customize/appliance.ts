/** A kernel for libguestfs' appliance on a machine that has none of its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

function extractedKernel(): string {
  const dir = path.join(tmpdir(), 'ozma-compat-kernel');
  if (existsSync(dir)) return dir;
  const work = mkdtempSync(path.join(tmpdir(), 'ozma-kernel-'));
  const depends = execFileSync('apt-cache', ['depends', 'linux-image-cloud-amd64'], {
    encoding: 'utf8',
  });
  const name = /Depends: (linux-image-\d\S+)/.exec(depends)?.[1];
  if (!name) throw new Error('apt knows no kernel package');
  execFileSync('apt-get', ['download', name], { cwd: work, stdio: 'ignore' });
  const file = readdirSync(work).find((entry) => entry.endsWith('.deb')) ?? '';
  execFileSync('dpkg', ['-x', path.join(work, file), work]);
  const version = readdirSync(path.join(work, 'lib/modules'))[0] ?? '';
  execFileSync('depmod', ['-b', work, version]);
  renameSync(work, dir);
  return dir;
}

/** Points supermin at a kernel taken from the machine's own package source, where there is none. */
export function provideKernel(): void {
  const own =
    existsSync('/boot') && readdirSync('/boot').some((name) => name.startsWith('vmlinuz'));
  if (own || process.env.SUPERMIN_KERNEL) return;
  const dir = extractedKernel();
  const version = readdirSync(path.join(dir, 'lib/modules'))[0] ?? '';
  mkdirSync('/lib/modules', { recursive: true }); // supermin looks there in any case
  process.env.SUPERMIN_KERNEL = path.join(dir, 'boot', `vmlinuz-${version}`);
  process.env.SUPERMIN_MODULES = path.join(dir, 'lib/modules', version);
  process.env.SUPERMIN_KERNEL_VERSION = version;
}
