/** What customise() is told to do. The same shape as the plan's part. */
import type { TdlContent, TdlPackage, TdlRepository } from '../tdl/types.ts';

export type PackageRequest = TdlPackage;
export type Repository = TdlRepository;

export type CommandStep = {
  kind: 'command';
  stage: 'pre' | 'main';
  name: string;
  content: TdlContent;
};

export type CustomiseStep =
  | ({ kind: 'repository' } & Repository)
  | CommandStep
  | { kind: 'packages'; packages: PackageRequest[] }
  | { kind: 'file'; name: string; content: TdlContent };

export interface PlannedCustomise {
  /** A key of `packageManagers`. */
  packageManager: string;
  /** In the order they are done. */
  steps: CustomiseStep[];
}
