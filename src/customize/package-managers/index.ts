/** All package managers by the name a plan gives them. */
import { OzError } from '../../base/errors.ts';
import { apt } from './apt.ts';
import type { PackageManager } from './manager.ts';
import { dnf, yum, zypper } from './rpm.ts';

export const packageManagers: Readonly<Record<string, PackageManager>> = { apt, dnf, yum, zypper };

/** Throws OZ_PACKAGE_MANAGER for a name that is not known. */
export function packageManagerNamed(name: string): PackageManager {
  const manager = packageManagers[name];
  if (!manager) {
    throw new OzError('OZ_PACKAGE_MANAGER', `Cannot customise with ${name}: it is not known`, {
      hint: `known package managers: ${Object.keys(packageManagers).join(', ')}`,
    });
  }
  return manager;
}
