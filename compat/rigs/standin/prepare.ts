/** Builds the stand-in installer: rootfs (once a release), kernel, initrd, ISO. */
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { debianRigPaths, openRigArchive, rigSources } from '../debian/prepare.ts';
import { suite } from '../debian/tables.ts';
import { makeBootIso, unpackBootLoaders } from '../lib/boot-iso.ts';
import { copyFileTo, rigDirectory, sha256, sha256All, writeFileTo } from '../lib/files.ts';
import { startOverlayServer } from '../lib/overlay-server.ts';
import { prepareOnce } from '../lib/prepared.ts';
import type { RigOptions, RigPaths } from '../lib/serve.ts';
import { kernelOf, makeInitrd } from './initrd.ts';
import { makeRootfs, type RootfsOptions } from './rootfs.ts';
import {
  makeRootfsVariant,
  type RootfsVariant,
  withCloudInit,
  withSysvinit,
} from './rootfs-variants.ts';

export interface StandinOptions extends RigOptions {
  /** Also a system with cloud-init, for templates that are customised by it. */
  cloudInit?: boolean | undefined;
  /** Also a system with sysvinit, for templates whose installer gets `standin.sysvinit`. */
  sysvinit?: boolean | undefined;
}

export interface StandinPaths extends RigPaths {
  /** Directory with rootfs.tar. */
  rootfs: string;
  /** Directory with rootfs-cloud.tar. */
  cloudRootfs: string;
  /** Directory with rootfs-sysvinit.tar. */
  sysvinitRootfs: string;
}

function standinPaths(options: RigOptions): StandinPaths {
  const work = options.work ?? rigDirectory();
  return {
    ...debianRigPaths(options),
    local: path.join(work, 'standin'),
    rootfs: path.join(work, 'standin-rootfs'),
    cloudRootfs: path.join(work, 'standin-rootfs-cloud'),
    sysvinitRootfs: path.join(work, 'standin-rootfs-sysvinit'),
  };
}

const here = (name: string) => path.join(import.meta.dirname, name);

/** Makes it, or returns at once when it is there; root's rights are needed the first time. */
export async function prepareStandinRig(options: StandinOptions = {}): Promise<StandinPaths> {
  const begin = Date.now();
  const say = (text: string) =>
    options.log?.(`${((Date.now() - begin) / 1000).toFixed(1).padStart(6)}s  ${text}`);
  const { signal } = options;
  const paths = standinPaths(options);
  const archive = await openRigArchive(options);
  const rootfsKey = `${archive.releaseDigest} ${await sha256(here('rootfs.ts'))}`;
  /** Work on a rootfs, with our own server for a mirror, so that the packages are kept. */
  const makeOnce = (target: string, key: string, make: (options: RootfsOptions) => Promise<void>) =>
    prepareOnce({
      target,
      key,
      async build(out) {
        const { mirror, cache } = paths;
        const server = await startOverlayServer({
          bind: '127.0.0.1',
          port: 0,
          roots: [],
          cache,
          mirror,
        });
        try {
          await make({ mirror: `${server.url}/debian`, suite, out, signal });
        } finally {
          await server.close();
        }
      },
    });
  const madeRootfs = await makeOnce(paths.rootfs, rootfsKey, makeRootfs);
  say(madeRootfs ? 'rootfs made' : 'rootfs is there');
  const variantKey = `${rootfsKey} ${await sha256(here('rootfs-variants.ts'))}`;
  const makeVariant = (target: string, variant: RootfsVariant) =>
    makeOnce(target, variantKey, (work) => makeRootfsVariant(variant, paths.rootfs, work));
  if (options.cloudInit) {
    await makeVariant(paths.cloudRootfs, withCloudInit);
    say('rootfs with cloud-init is there');
  }
  if (options.sysvinit) {
    await makeVariant(paths.sysvinitRootfs, withSysvinit);
    say('rootfs with sysvinit is there');
  }

  const made = await prepareOnce({
    target: paths.local,
    key: `${rootfsKey} ${await sha256All(rigSources(import.meta.dirname))}`,
    async build(out, scratch) {
      const dist = path.join(out, 'debian/dists', suite, 'main/installer-amd64/current/images');
      const boot = path.join(dist, 'netboot/debian-installer/amd64');
      const kernel = path.join(paths.rootfs, `tree/boot/vmlinuz-${await kernelOf(paths.rootfs)}`);
      const initrd = path.join(boot, 'initrd.gz');
      const tar = path.join(paths.rootfs, 'rootfs.tar');
      await copyFileTo(kernel, path.join(boot, 'linux'));
      await writeFileTo(initrd, await makeInitrd(archive, paths.rootfs, scratch, signal));
      await mkdir(path.join(out, 'debian/standin'), { recursive: true });
      await symlink(tar, path.join(out, 'debian/standin/rootfs.tar'));
      for (const [rootfs, { tar }] of [
        [paths.cloudRootfs, withCloudInit],
        [paths.sysvinitRootfs, withSysvinit],
      ] as const) {
        await symlink(path.join(rootfs, tar), path.join(out, 'debian/standin', tar));
      }
      const loaders = path.join(scratch, 'boot');
      await unpackBootLoaders(archive, loaders);
      const iso = path.join(out, 'iso/debian-13-netinst.iso');
      await makeBootIso(
        {
          out: iso,
          // What Debian's own is called, so that it is recognised as one.
          label: `Debian ${archive.version} amd64 n`,
          info: `ozma stand-in installer for Debian ${archive.version}, not Debian's own\n`,
          isolinux: 'isolinux',
          args: 'console=tty0 console=ttyS0 mitigations=off',
          kernel: { from: kernel, at: '/install.amd/vmlinuz' },
          initrd: { from: initrd, at: '/install.amd/initrd.gz' },
          files: [{ from: tar, at: '/standin/rootfs.tar' }],
        },
        loaders,
        scratch,
        signal,
      );
      await writeFileTo(
        path.join(out, 'iso/SHA256SUMS'),
        `${await sha256(iso)}  debian-13-netinst.iso\n`,
      );
    },
  });
  say(made ? 'prepared' : 'nothing to do');
  return paths;
}
