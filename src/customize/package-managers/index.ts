/** All package managers by the name a plan gives them. */
import { OzError } from '../../base/errors.ts';
import { apk } from './apk.ts';
import { apt } from './apt.ts';
import { dnf, yum } from './dnf.ts';
import type { PackageManager } from './manager.ts';
import { none } from './none.ts';
import { pacman } from './pacman.ts';
import { pkg } from './pkg.ts';
import { urpmi } from './urpmi.ts';
import { zypper } from './zypper.ts';

export const packageManagers: Readonly<Record<string, PackageManager>> = {
  ...{ apk, apt, dnf, pacman, pkg },
  ...{ urpmi, yum, zypper, none },
};

/** Throws OZ_PACKAGE_MANAGER for a name that is not known. */
export function packageManagerNamed(name: string): PackageManager {
  const manager = packageManagers[name];
  if (!manager) {
    throw new OzError('OZ_PACKAGE_MANAGER', `Cannot customize with ${name}: it is not known`, {
      hint: `known package managers: ${Object.keys(packageManagers).join(', ')}`,
    });
  }
  return manager;
}
