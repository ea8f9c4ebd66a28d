/** The one event stream; progress bars, plain lines, --json and reports only read it. */
import type { Published, Watching } from '../../backends/backend.ts';
import type { Kept } from '../base/errors.ts';

export type Phase =
  | 'fetch-media'
  | 'stage-media'
  | 'create-disk'
  | 'install'
  | 'customize'
  | 'icicle'
  | 'seal'
  | 'export'
  | 'record';

/** `at` is milliseconds since the command's start. */
export type BuildEvent =
  | { type: 'build-start'; at: number; name: string; backend: string; summary: string }
  | { type: 'phase-start'; at: number; phase: Phase; title: string }
  | {
      type: 'progress';
      at: number;
      phase: Phase;
      /** What is being done, such as "download linux". */
      what: string;
      done: number;
      total: number | null;
      unit: 'bytes' | 'steps' | 'seconds';
    }
  /** What an installer is at, as its console and its disk tell; one whenever something changes. */
  | {
      type: 'step';
      at: number;
      phase: Phase;
      /** `base system`; null: none that is known has been seen yet. */
      step: string | null;
      /** How far the step is; null: not told. */
      percent: number | null;
      /** The last line printed, while there is no step. */
      line: string | null;
      /** Bytes written to the disk; null: not told. */
      written: number | null;
    }
  | { type: 'phase-end'; at: number; phase: Phase; ms: number; skipped?: string | undefined }
  /** How to look at the guest that was just started. */
  | ({ type: 'watch'; at: number; guest: string } & Watching)
  /** Left where it is after a failure: commands to look at it, and to remove it. */
  | ({ type: 'kept'; at: number } & Kept)
  /** A point in time worth measuring: guest-started, guest-stopped, ssh-found, … */
  | { type: 'mark'; at: number; mark: string; detail?: Record<string, unknown> | undefined }
  | {
      type: 'log';
      at: number;
      level: 'error' | 'warning' | 'info' | 'debug';
      text: string;
    }
  /** Output of the guest's commands and uploads, line by line. */
  | { type: 'output'; at: number; source: string; text: string }
  | { type: 'result'; at: number; result: WorkResult }
  | {
      type: 'error';
      at: number;
      code: string;
      message: string;
      hint?: string | undefined;
      evidence?: string | undefined;
      /** The last lines of the guest's console. */
      console?: readonly string[] | undefined;
    };

/** What was made by a build, or in an image that was built before, with the paths of its files. */
export interface WorkResult {
  name: string;
  /** Absent when the result stays in the place's catalogue only. */
  image?: string | undefined;
  imageFormat: string;
  /** The entry in the place's catalogue. */
  published?: Published | undefined;
  /** Only of builds, like the manifest. */
  domainXml?: string | undefined;
  manifest?: string | undefined;
  /** The file that was named for the ICICLE. */
  icicle?: string | undefined;
  /** The ICICLE document itself, where one was asked for. */
  icicleText?: string | undefined;
  ms: number;
}

export interface BuildResult extends WorkResult {
  domainXml: string;
  manifest: string;
}

/** Sends one event; `at` is filled in by the stream. */
export type Emit = (event: DistributiveOmit<BuildEvent, 'at'>) => void;

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
