/**
 * A place where guests run that exists only in memory: a whole Backend with
 * scripted guests and an injected clock, for the tests of the engine.
 *
 *     const clock = testClock();
 *     const place = memoryBackend({ clock, runs: [{ stopAfter: 60_000 }, { stopAfter: 5_000 }] });
 *     const guest = await place.createGuest(spec);
 *     await guest.start();
 *     await clock.advance(60_000); // the guest powers off
 *
 * Disks are small real files, so that what works on files can go on with them.
 */
import { copyFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type {
  Activity,
  Address,
  Backend,
  Boot,
  CallOptions,
  Capabilities,
  DiskSpec,
  Guest,
  GuestSpec,
  GuestState,
  KeptMedium,
  Leftover,
  LocalMedium,
  StagedDisk,
  StagedMedium,
  StopEvent,
  TransferOptions,
} from '../../backends/backend.ts';
import { replaceFile } from '../../src/base/atomic-file.ts';
import { OzError } from '../../src/base/errors.ts';
import { type LedgerEntry, type LedgerWriter, noLedger } from '../../src/base/ledger-entry.ts';

/** Time as the fake sees it; the default is the process's own (also vitest's fake timers). */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
}

export interface TestClock extends Clock {
  /** Waits as delay() does, on this clock. */
  delay(ms: number, signal?: AbortSignal): Promise<void>;
  /** Moves on, running what falls due in order; promises settle between the steps. */
  advance(ms: number): Promise<void>;
}

const realClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const usesFiles = () => process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));

/** Lets everything that is ready to run do so; what works on files takes no time of this clock. */
async function settle(): Promise<void> {
  await turn();
  while (usesFiles()) await turn();
}

/** A clock that stands still until advance() is called; it starts at 0. */
export function testClock(): TestClock {
  let now = 0;
  let order = 0;
  const timers = new Map<number, { at: number; callback: () => void }>();
  const set = (callback: () => void, ms: number) => {
    timers.set(++order, { at: now + Math.max(0, ms), callback });
    return order;
  };
  const clear = (handle: unknown) => void timers.delete(handle as number);
  return {
    now: () => now,
    setTimeout: set,
    clearTimeout: clear,
    delay: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const aborted = () => {
          clear(handle);
          reject(signal?.reason);
        };
        const handle = set(() => {
          signal?.removeEventListener('abort', aborted);
          resolve();
        }, ms);
        signal?.addEventListener('abort', aborted, { once: true });
      }),
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        const due = [...timers].filter(([, timer]) => timer.at <= end);
        const next = due.sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
        if (!next) break;
        timers.delete(next[0]);
        now = Math.max(now, next[1].at);
        next[1].callback();
        await settle();
      }
      now = end;
      await settle();
    },
  };
}

/** What happens between one start of a guest and its stop. Times are milliseconds after start. */
export interface ScriptedRun {
  /** Start fails with this. */
  startError?: Error | undefined;
  /** Text that appears on the console. Absent: nothing is ever written. */
  console?: readonly { at: number; text: string | ((spec: GuestSpec) => string) }[] | undefined;
  /** Answers to activity(): in turn (the last one repeats), or by time; null: not told. */
  activity?: readonly (Activity | null)[] | ((elapsed: number) => Activity | null) | undefined;
  /** The guest stops by itself after this time; absent: it runs until it is stopped. */
  stopAfter?: number | undefined;
  /** How that stop looks; `shutdown` unless told. */
  stop?: StopEvent | undefined;
  /** It goes into this state (such as `paused`) after `at`, and stays there. */
  becomes?: { at: number; state: GuestState } | undefined;
  /** Milliseconds it takes to obey stop(); null: it never does. 0 unless told. */
  shutdownTakes?: number | null | undefined;
  /** Where SSH is reached, from `addressAfter` on. Null or absent: never known. */
  address?: Address | null | undefined;
  addressAfter?: number | undefined;
  /** What happens on the disk: appended to the disk's file when the run ends. */
  writes?: string | undefined;
  screenshot?: Buffer | null | undefined;
}

/** Operations of the backend and its guests that can be made to fail. */
export type MemoryOperation =
  | 'capabilities'
  | 'check'
  | 'existing'
  | 'clear'
  | 'stage'
  | 'createDisk'
  | 'syncDisk'
  | 'allocated'
  | 'createGuest'
  | 'start'
  | 'state'
  | 'activity'
  | 'console'
  | 'screenshot'
  | 'sendKeys'
  | 'address'
  | 'watch'
  | 'describe'
  | 'stop'
  | 'destroy'
  | 'exportDisk'
  | 'takeDisk'
  | 'publish'
  | 'published'
  | 'staged'
  | 'remove'
  | 'close';

export interface MemoryBackendOptions {
  clock?: Clock | undefined;
  ledger?: LedgerWriter | undefined;
  capabilities?: Partial<Capabilities> | undefined;
  /** Scripts for the runs, in the order of all start() calls. The last one repeats. */
  runs?: readonly ScriptedRun[] | undefined;
  /** What these operations throw, each time, or by a function that may let some pass. */
  fail?: Partial<Record<MemoryOperation, Error | ((...args: unknown[]) => Error | undefined)>>;
  /** What existing() finds until clear(). */
  leftovers?: readonly Leftover[] | undefined;
  /** Disks are said to be in a cloud: their files are the place's own business. */
  remote?: boolean | undefined;
  /** Entries of the catalogue by id: paths of disks. The place works in it. */
  catalogue?: Map<string, string> | undefined;
  /** What publish() could not do as asked. */
  publishWarning?: string | undefined;
  /** What staged() tells; remove() takes it away. */
  staged?: KeptMedium[] | undefined;
}

export interface MemoryBackend extends Backend {
  readonly type: 'memory';
  /** Every call, in order: operation and its main argument. */
  readonly calls: { operation: MemoryOperation; argument: string }[];
  /** The specs of all guests ever made, and the boot of each run. */
  readonly specs: GuestSpec[];
  readonly boots: Boot[];
  /** The specs of all disks ever made. */
  readonly disks: DiskSpec[];
  /** What is there now: must be empty after a failed or finished build. */
  live(): { guests: string[]; running: string[] };
  /** Disks that were synced since their guest last ran. */
  readonly synced: Set<string>;
  /** Ends the current run of the named guest, as its own doing. */
  finish(name: string, event?: StopEvent): Promise<void>;
  readonly closed: boolean;
}

/** A one-pixel PNG. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
  'base64',
);

const everything: Capabilities = {
  kernelBoot: true,
  devices: ['cdrom', 'floppy', 'usb'],
  maxMedia: 4,
  activity: { disk: true, network: true },
  sendKeys: true,
  hostAddress: '10.0.2.2',
  diskFormats: ['raw', 'qcow2'],
};

interface Running {
  script: ScriptedRun;
  since: number;
  timer: unknown;
  asked: number;
}

/** Makes the place; see the top of the file. */
export function memoryBackend(options: MemoryBackendOptions = {}): MemoryBackend {
  const clock = options.clock ?? realClock;
  const ledger = options.ledger ?? noLedger;
  const capabilities = { ...everything, ...options.capabilities };
  const calls: MemoryBackend['calls'] = [];
  const disks: DiskSpec[] = [];
  const specs: GuestSpec[] = [];
  const boots: Boot[] = [];
  const guests = new Map<string, { guest: Guest; running(): boolean; finish: Finish }>();
  const synced = new Set<string>();
  let leftovers = [...(options.leftovers ?? [])];
  let runs = 0;
  let closed = false;

  type Finish = (event: StopEvent) => Promise<void>;

  function enter(operation: MemoryOperation, argument: string, call?: CallOptions): void {
    call?.signal?.throwIfAborted();
    calls.push({ operation, argument });
    if (closed && operation !== 'close') throw new Error(`${operation}() after close()`);
    const failure = options.fail?.[operation];
    const error = typeof failure === 'function' ? failure(argument) : failure;
    if (error) throw error;
  }

  function nextRun(): ScriptedRun {
    const scripts = options.runs ?? [{}];
    const script = scripts[Math.min(runs, scripts.length - 1)] ?? {};
    runs += 1;
    return script;
  }

  function makeGuest(spec: GuestSpec): { guest: Guest; running(): boolean; finish: Finish } {
    const entry: LedgerEntry = { place: 'memory', kind: 'guest', ref: spec.name };
    const listeners = new Set<(event: StopEvent) => void>();
    let run: Running | undefined;
    let past = '';
    let ended: GuestState = 'stopped';
    let consoleSeen = false;
    /** What a run writes is on the disk when this is done. */
    let writing: Promise<void> = Promise.resolve();

    const elapsed = () => (run ? clock.now() - run.since : 0);
    const written = () =>
      past +
      (run?.script.console ?? [])
        .filter((line) => line.at <= elapsed())
        .map(({ text }) => (typeof text === 'string' ? text : text(spec)))
        .join('');

    async function finish(event: StopEvent): Promise<void> {
      if (!run) return;
      const script = run.script;
      past = written();
      clock.clearTimeout(run.timer);
      run = undefined;
      ended =
        event.reason === 'crashed' ? 'crashed' : event.reason === 'failed' ? 'error' : 'stopped';
      if (script.writes) writing = writeFile(spec.disk.ref, script.writes, { flag: 'a' });
      await writing;
      for (const listener of [...listeners]) listener(event);
    }

    const guest: Guest = {
      name: spec.name,
      async start(call) {
        enter('start', spec.name, call);
        if (run) throw new Error(`guest ${spec.name} runs already`);
        const script = nextRun();
        if (script.startError) throw script.startError;
        boots.push(call?.boot ?? spec.boot);
        synced.delete(spec.disk.ref);
        consoleSeen ||= script.console !== undefined;
        run = { script, since: clock.now(), timer: undefined, asked: 0 };
        if (script.stopAfter !== undefined) {
          run.timer = clock.setTimeout(
            () => void finish(script.stop ?? { reason: 'shutdown' }),
            script.stopAfter,
          );
        }
      },
      async state(call) {
        enter('state', spec.name, call);
        if (!guests.has(spec.name)) return 'gone';
        if (!run) {
          await writing;
          return ended;
        }
        const turn = run.script.becomes;
        return turn && turn.at <= elapsed() ? turn.state : 'running';
      },
      onStop(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      async activity(call) {
        enter('activity', spec.name, call);
        const told = run?.script.activity;
        if (!run || !told) return { diskRequests: 0, networkBytes: 0 };
        if (typeof told === 'function') return told(elapsed());
        const answer = told[Math.min(run.asked, told.length - 1)] ?? null;
        run.asked += 1;
        return answer;
      },
      async console(call) {
        enter('console', spec.name, call);
        const text = written();
        if (!consoleSeen) return null;
        return {
          size: Buffer.byteLength(text),
          tail: Buffer.from(text)
            .subarray(-(call?.tailBytes ?? 65536))
            .toString(),
        };
      },
      async screenshot(call) {
        enter('screenshot', spec.name, call);
        return run ? (run.script.screenshot === undefined ? pixel : run.script.screenshot) : null;
      },
      async sendKeys(codes, call) {
        enter('sendKeys', codes.join('+'), call);
      },
      async address(call) {
        enter('address', spec.name, call);
        return run && elapsed() >= (run.script.addressAfter ?? 0)
          ? (run.script.address ?? null)
          : null;
      },
      async watch(call) {
        enter('watch', spec.name, call);
        const { consoleLog } = spec;
        if (!run) return { consoleLog, commands: [] };
        return { consoleLog, screen: 'vnc://memory:5900', commands: [`look at ${spec.name}`] };
      },
      async describe(call) {
        enter('describe', spec.name, call);
        return { file: 'guest.json', text: `${JSON.stringify(spec, null, 2)}\n` };
      },
      async stop(call) {
        enter('stop', spec.name, call);
        if (!run) return;
        const takes = run.script.shutdownTakes === undefined ? 0 : run.script.shutdownTakes;
        const obeys = takes !== null && takes <= call.graceMs;
        const wait = obeys ? takes : call.graceMs;
        if (wait > 0) {
          await new Promise<void>((resolve, reject) => {
            const handle = clock.setTimeout(resolve, wait);
            call.signal?.addEventListener(
              'abort',
              () => {
                clock.clearTimeout(handle);
                reject(call.signal?.reason);
              },
              { once: true },
            );
          });
        }
        await finish({ reason: obeys ? 'shutdown' : 'destroyed' });
      },
      async destroy(call) {
        enter('destroy', spec.name, call);
        await finish({ reason: 'destroyed' });
        guests.delete(spec.name);
        ledger.drop(entry);
      },
      async takeDisk(call) {
        enter('takeDisk', spec.name, call);
        await writing;
        return spec.disk;
      },
      async exportDisk(target, format, call) {
        enter('exportDisk', `${target} ${format}`, call);
        await replaceFile(target, (temporary) => copyFile(spec.disk.ref, temporary));
        const { size } = await stat(target);
        call?.onProgress?.(size, size);
      },
    };
    ledger.add(entry);
    return { guest, running: () => run !== undefined, finish };
  }

  return {
    type: 'memory',
    calls,
    disks,
    specs,
    boots,
    synced,
    get closed() {
      return closed;
    },
    live: () => ({
      guests: [...guests.keys()],
      running: [...guests].filter(([, g]) => g.running()).map(([name]) => name),
    }),
    async finish(name, event = { reason: 'shutdown' }) {
      await guests.get(name)?.finish(event);
    },
    async capabilities(call) {
      enter('capabilities', '', call);
      return capabilities;
    },
    async check(hardware, call) {
      enter('check', hardware.arch, call);
      return { summary: `memory, ${hardware.arch}` };
    },
    async existing(name, disk, call) {
      enter('existing', `${name} ${disk}`, call);
      const found: Leftover[] = [...leftovers];
      if (guests.has(name)) found.push({ kind: 'guest', name });
      if (await stat(disk).catch(() => undefined)) found.push({ kind: 'disk', name: disk });
      return found;
    },
    async clear(name, disk, call) {
      enter('clear', `${name} ${disk}`, call);
      leftovers = [];
      await guests.get(name)?.finish({ reason: 'destroyed' });
      guests.delete(name);
      await rm(disk, { force: true });
    },
    async stage(medium: LocalMedium, call?: TransferOptions): Promise<StagedMedium> {
      enter('stage', medium.path, call);
      const { size } = await stat(medium.path);
      call?.onProgress?.(size, size);
      const { role, path: ref, label, base } = medium;
      return { role, ref, label, ...(base === undefined ? {} : { base }) };
    },
    async createDisk(spec: DiskSpec, call?: TransferOptions): Promise<StagedDisk> {
      enter('createDisk', spec.path, call);
      disks.push(spec);
      const content = spec.from
        ? await readFile(spec.from)
        : `memory disk ${spec.format} ${spec.size}\n`;
      await writeFile(spec.path, content, { mode: 0o600 });
      call?.onProgress?.(spec.size, spec.size);
      const remote = options.remote && { remote: true };
      return { ref: spec.path, format: spec.format, size: spec.size, ...remote };
    },
    async syncDisk(disk, call) {
      enter('syncDisk', disk.ref, call);
      synced.add(disk.ref);
    },
    async allocated(disk, call) {
      enter('allocated', disk.ref, call);
      return (await stat(disk.ref)).size;
    },
    async createGuest(spec, call) {
      enter('createGuest', spec.name, call);
      if (guests.has(spec.name)) {
        throw new OzError('OZ_GUEST_EXISTS', `Cannot create guest ${spec.name}: it exists`);
      }
      specs.push(spec);
      const made = makeGuest(spec);
      guests.set(spec.name, made);
      return made.guest;
    },
    describeFinished: (spec) =>
      `<domain type='memory'><name>${spec.name}</name><disk>${spec.disk.ref}</disk><id>${spec.published?.id ?? ''}</id></domain>\n`,
    async publish(disk, { name, replaces }, call) {
      enter('publish', `${disk.ref} ${name}`, call);
      const id = `memory-${name}${replaces ? '-2' : ''}`;
      const file = `${path.dirname(path.dirname(disk.ref))}/${id}.entry`;
      if (options.catalogue) {
        await copyFile(disk.ref, file);
        options.catalogue.set(id, file);
        if (replaces) options.catalogue.delete(replaces);
      }
      return { id, name, at: 'memory:///', size: disk.size, warning: options.publishWarning };
    },
    async published(id, call) {
      enter('published', id, call);
      const file = options.catalogue?.get(id);
      if (!file) throw new OzError('OZ_IMAGE_GONE', `Cannot use image ${id}: there is none`);
      const { size } = await stat(file);
      return { ref: file, format: 'raw', size, remote: true };
    },
    async staged(call) {
      enter('staged', '', call);
      return options.staged ?? [];
    },
    async remove(entry, call) {
      enter('remove', `${entry.kind} ${entry.ref}`, call);
      options.catalogue?.delete(entry.ref);
      await guests.get(entry.ref)?.finish({ reason: 'destroyed' });
      guests.delete(entry.ref);
      ledger.drop(entry);
    },
    async removal({ kind, ref }) {
      return `forget ${kind} ${ref}`;
    },
    async close() {
      enter('close', '');
      closed = true;
    },
  };
}
