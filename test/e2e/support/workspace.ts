/** A directory of its own for each end-to-end run: home, oz.cfg, cache, images, evidence. */
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface Workspace {
  dir: string;
  config: string;
  /** Variables that keep a run, and its session daemon, inside the workspace. */
  env: Record<string, string>;
  at(...parts: string[]): string;
  write(name: string, text: string): Promise<string>;
  /** Files that a run must not leave: hidden ones, locks, ledgers, temporary ones. */
  leftovers(): Promise<string[]>;
  remove(): Promise<void>;
}

/** Seconds; ample, since emulated guests share the machine with other work. */
const patient = { install: 5400, inactivity: 900, boot: 1200, shutdown: 600 };

export interface WorkspaceOptions {
  /** The [libvirt] section. */
  libvirt?: Record<string, string>;
  /** The [openstack] section; with it, guests run there, unless `backend` says otherwise. */
  openstack?: Record<string, string>;
  backend?: 'libvirt' | 'openstack';
  timeouts?: Partial<typeof patient>;
  /** Keys of these two sections. */
  cache?: Record<string, string>;
  icicle?: Record<string, string>;
}

function configText(
  dir: string,
  { libvirt = {}, openstack, backend, timeouts, cache = {}, icicle = {} }: WorkspaceOptions,
): string {
  const section = (name: string, keys: Record<string, string | number>) =>
    [`[${name}]`, ...Object.entries(keys).map(([key, value]) => `${key} = ${value}`)].join('\n');
  return `${[
    section('paths', {
      output_dir: `${dir}/images`,
      data_dir: `${dir}/data`,
      screenshot_dir: `${dir}/evidence`,
      sshprivkey: `${dir}/id_rsa`,
    }),
    section('libvirt', libvirt),
    ...(openstack
      ? [section('backend', { type: backend ?? 'openstack' }), section('openstack', openstack)]
      : []),
    section('cache', cache),
    section('icicle', icicle),
    section('timeouts', { ...patient, ...timeouts }),
  ].join('\n\n')}\n`;
}

export async function makeWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  // A short name: sockets below it must fit into 108 bytes.
  const dir = await mkdtemp('/tmp/oz-');
  const at = (...parts: string[]) => path.join(dir, ...parts);
  // A system daemon's guests run as another user, who must get to the files.
  await chmod(dir, 0o755);
  for (const name of ['images', 'data', 'home', 'tmp']) await mkdir(at(name));
  await mkdir(at('run'), { mode: 0o700 });
  const config = at('oz.cfg');
  await writeFile(config, configText(dir, options));
  return {
    dir,
    config,
    env: {
      HOME: at('home'),
      XDG_RUNTIME_DIR: at('run'),
      TMPDIR: at('tmp'),
      LIBGUESTFS_CACHEDIR: '/var/tmp', // as by default; else it would follow TMPDIR, and be made each time
    },
    at,
    async write(name, text) {
      await writeFile(at(name), text);
      return at(name);
    },
    async leftovers() {
      const below = async (name: string) =>
        (await readdir(at(name), { recursive: true })).map((file) => `${name}/${file}`);
      const images = (await below('images')).filter((file) => path.basename(file).startsWith('.'));
      const data = (await below('data')).filter((file) =>
        /\.(jsonl|lock|tmp|part|used-[0-9a-f]{8})$|\/\./.test(file),
      );
      return [...images, ...data, ...(await below('tmp'))];
    },
    remove: () => rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 }),
  };
}
