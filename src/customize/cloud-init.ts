/**
 * User data for a guest that nobody gets into: cloud-init hands it a script that
 * does what customise() does over SSH, tells of it on the console, lists the
 * packages there, seals the image and powers off. Secret as a whole.
 */
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { OzError } from '../base/errors.ts';
import { listingCommand } from '../icicle/list-packages.ts';
import { cloudConfig } from './cloud-config.ts';
import { customiseSteps } from './customise.ts';
import type { FetchContent, Operation, Step } from './operations.ts';
import { runnerScript } from './runner-script.ts';
import { sealFirst, sealLast } from './seal.ts';
import type { PlannedCustomise } from './types.ts';

export interface CloudInitRequest {
  /** Null: nothing to customise. */
  customise: PlannedCustomise | null;
  /** The package list is printed on the console. */
  icicle: { lister: string; extraCommand?: string | undefined } | null;
  /** Which sealing applies; null: the disk is thrown away afterwards. */
  seal: string | null;
  /** A key that sealing takes out of the image. */
  publicKey?: string | undefined;
  fetchContent: FetchContent;
  /** Bytes that user data may have. */
  maxBytes: number;
  /** Tells this guest's lines on the console from all others; random unless told. */
  mark?: string | undefined;
}

/** What an operation is part of. */
export type OperationRole = 'customize' | 'list' | 'extra' | 'seal';

export interface CloudInitWork {
  /** Secret. */
  userData: string;
  mark: string;
  /** By the numbers that the console tells, from 0 on. */
  operations: {
    role: OperationRole;
    /** Names it in a message. */
    title: string;
    /** Which step of the customisation it belongs to, of how many. */
    step?: { number: number; total: number; title: string } | undefined;
  }[];
  /** Names of the lists on the console. */
  lists: ('list' | 'extra')[];
}

export interface RunnerOperation {
  operation: Operation;
  role: OperationRole;
  /** Its output is a list: it is kept, and printed in pieces. */
  list?: 'list' | 'extra' | undefined;
  /** Failures do not count. */
  quiet?: boolean | undefined;
}

interface Planned extends RunnerOperation {
  step?: CloudInitWork['operations'][number]['step'];
}

async function customising(steps: readonly Step[]): Promise<Planned[]> {
  const planned: Planned[] = [];
  for (const [index, { title, prepare }] of steps.entries()) {
    const { main, after } = await prepare();
    const step = { number: index, total: steps.length, title };
    const common = { role: 'customize' as const, step };
    planned.push(
      ...main.map((operation) => ({ ...common, operation })),
      ...(after ?? []).map((operation) => ({ ...common, operation, quiet: true })),
    );
  }
  return planned;
}

function listing({ lister, extraCommand }: NonNullable<CloudInitRequest['icicle']>): Planned[] {
  const one = (list: 'list' | 'extra', title: string, command: string): Planned => ({
    operation: { kind: 'command', title, command },
    role: list,
    list,
  });
  return [
    one('list', 'package list', listingCommand(lister)),
    ...(extraCommand?.trim() ? [one('extra', 'icicle extra_command', extraCommand)] : []),
  ];
}

/** cloud-init is through before the guest goes down, so that it leaves nothing behind. */
const cloudInitEnds = `
    left=60
    while [ "$left" -gt 0 ]; do
      case $(systemctl show -p ActiveState cloud-final.service 2>/dev/null) in
        *=activating) sleep 1 ;;
        *) break ;;
      esac
      left=$((left - 1))
    done
    sleep 2`;

const discard = `(${cloudInitEnds}\n    poweroff || shutdown -h -P now) </dev/null >/dev/null 2>&1 &`;

function tooLarge(bytes: number, maxBytes: number): OzError {
  return new OzError(
    'OZ_USER_DATA_TOO_LARGE',
    `Cannot customize by cloud-init: packages, files and commands make ${bytes} bytes of user data, and ${maxBytes} are allowed`,
    {
      hint: 'set [openstack] customize = ssh, or let a command in the TDL fetch the large files',
    },
  );
}

/** Fetches what the plan names, and writes the script. Throws OZ_USER_DATA_TOO_LARGE. */
export async function cloudInitWork(request: CloudInitRequest): Promise<CloudInitWork> {
  const { customise, icicle, seal, publicKey, fetchContent, maxBytes } = request;
  const mark = request.mark ?? `ozma-${randomBytes(6).toString('hex')}`;
  const title = 'sealing';
  const planned: Planned[] = [
    ...(customise ? await customising(customiseSteps(customise, fetchContent)) : []),
    ...(icicle ? listing(icicle) : []),
    ...(seal === null
      ? []
      : [
          {
            operation: { kind: 'script' as const, title, script: sealFirst(seal, publicKey) },
            role: 'seal' as const,
          },
        ]),
  ];
  const last = seal === null ? { text: discard } : sealLast(seal, cloudInitEnds);
  const directory = `/run/${mark}`;
  const { script, files } = runnerScript(planned, { mark, directory, last });
  const userData = cloudConfig({
    write_files: [{ path: `${directory}/run`, content: Buffer.from(script) }, ...files].map(
      ({ path, content }) => ({
        path,
        owner: 'root:root',
        permissions: '0600',
        ...encoded(content),
      }),
    ),
    runcmd: [['sh', `${directory}/run`]],
  });
  const size = Buffer.byteLength(userData);
  if (size > maxBytes) throw tooLarge(size, maxBytes);
  return {
    userData,
    mark,
    operations: planned.map(({ role, operation, step }) => ({
      role,
      title: operation.title,
      step,
    })),
    lists: planned.flatMap(({ list }) => (list ? [list] : [])),
  };
}

function encoded(content: Buffer): { encoding: string; content: string } {
  const packed = gzipSync(content, { level: 9 });
  return packed.length < content.length
    ? { encoding: 'gz+b64', content: packed.toString('base64') }
    : { encoding: 'b64', content: content.toString('base64') };
}
