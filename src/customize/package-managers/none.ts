/** A system without a package manager that could be driven: Windows. */
import { OzError } from '../../base/errors.ts';
import type { PackageManager } from './manager.ts';

function refuse(what: string): never {
  throw new OzError('OZ_NO_PACKAGES', `Cannot ${what}: this system has no package manager`, {
    hint: 'remove <packages> and <repositories> from the TDL; files and commands work where the image has an SSH server',
  });
}

export const none: PackageManager = {
  environment: {},
  windows: true,
  get install(): never {
    return refuse('install packages');
  },
  endOfOptions: [],
  fileExtensions: [],
  addRepository: ({ name }) => refuse(`add repository ${name}`),
  removeRepository: ({ name }) => refuse(`remove repository ${name}`),
  takeFrom: () => refuse('install packages'),
};
