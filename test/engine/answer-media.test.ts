import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LocalMedium } from '../../backends/backend.ts';
import { makeAnswerMedium, makeRemaster } from '../../src/engine/answer-media.ts';
import type { BuildContext } from '../../src/engine/build-context.ts';
import { stageMedia, udevLabel } from '../../src/engine/prepare-media.ts';
import { cpioArchive } from '../../src/media/cpio.ts';
import { piecesOf, readPieces } from '../../src/media/splice.ts';
import { installerLabel } from '../../src/plan/families/family.ts';
import { guestSpecOf, installSpec } from '../../src/plan/guest-spec.ts';
import { plan } from '../../src/plan/plan.ts';
import type { AnswerCarrier, AnswerMedium, BuildPlan } from '../../src/plan/types.ts';
import { testInput, testTdl } from '../fakes/inputs.ts';
import { type MemoryBackend, memoryBackend } from '../fakes/memory-backend.ts';

let dir: string;
const at = (...parts: string[]) => path.join(dir, ...parts);
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-answer-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const run = (tool: string, ...args: string[]) => execFileSync(tool, args, { encoding: 'utf8' });
const isoFile = (iso: string, name: string) => run('isoinfo', '-J', '-i', iso, '-x', name);

function installerIso(label: string): string {
  mkdirSync(at('tree/boot'), { recursive: true });
  writeFileSync(at('tree/boot/kernel'), 'kernel');
  writeFileSync(at('tree/boot/initrd'), gzipSync(cpioArchive([])));
  const iso = at('installer-original.iso');
  run('xorriso', '-as', 'mkisofs', '-quiet', '-J', '-r', '-V', label, '-o', iso, at('tree'));
  return iso;
}

const medium = (device: AnswerMedium['device']): AnswerMedium => ({
  device,
  label: 'OEMDRV',
  files: [
    { path: 'ks.cfg', text: 'poweroff\n' },
    { path: 'deep/er/blob.bin', bytes: Buffer.from([0, 255, 10]) },
  ],
});

describe('makeAnswerMedium()', () => {
  it('makes a CD that other tools read', async () => {
    const iso = await makeAnswerMedium(medium('cdrom'), dir);
    expect(run('isoinfo', '-d', '-i', iso)).toContain('Volume id: OEMDRV');
    expect(isoFile(iso, '/ks.cfg')).toBe('poweroff\n');
  });

  it.each(['floppy', 'usb'] as const)('makes a %s that other tools read', async (device) => {
    const image = await makeAnswerMedium(medium(device), dir);
    expect(run('mlabel', '-i', image, '-s', '::')).toContain('OEMDRV');
    expect(run('mtype', '-i', image, '::ks.cfg')).toBe('poweroff\n');
    const blob = execFileSync('mtype', ['-i', image, '::deep/er/blob.bin']);
    expect([...blob]).toEqual([0, 255, 10]);
  });
});

describe('makeRemaster()', () => {
  it('adds the answer file, files and directories', async () => {
    mkdirSync(at('more/sub'), { recursive: true });
    writeFileSync(at('more/sub/x'), 'x');
    writeFileSync(at('one'), 'one');
    const iso = installerIso('Some OS 1');
    const { path: made, base } = await makeRemaster(
      iso,
      {
        files: [{ path: 'etc/installerconfig', text: 'poweroff\n' }],
        extras: [
          { kind: 'directory', source: pathToFileURL(at('more')).href, destination: 'boot/more' },
          { kind: 'file', source: pathToFileURL(at('one')).href, destination: 'etc/one' },
        ],
      },
      dir,
    );
    expect(isoFile(made, '/etc/installerconfig')).toBe('poweroff\n');
    expect(isoFile(made, '/boot/more/sub/x')).toBe('x');
    expect(isoFile(made, '/etc/one')).toBe('one');
    expect(isoFile(made, '/boot/kernel')).toBe('kernel');
    expect(run('isoinfo', '-d', '-i', made)).toContain('Volume id: Some OS 1');
    expect(statSync(made).mode & 0o777).toBe(0o600);
    expect(base).toBeUndefined();
  });

  it('adds what links lead to, as Oz does, and not links out of the ISO', async () => {
    mkdirSync(at('more'), { recursive: true });
    writeFileSync(at('outside'), 'outside');
    symlinkSync('../outside', at('more/link'));
    const source = pathToFileURL(at('more')).href;
    const extras = [{ kind: 'directory' as const, source, destination: '/' }];
    const { path: made } = await makeRemaster(installerIso('X'), { files: [], extras }, dir);
    expect(isoFile(made, '/link')).toBe('outside');
    expect(run('isoinfo', '-R', '-l', '-i', made)).not.toContain('->');
  });

  it('does not go round in circles of links', async () => {
    mkdirSync(at('more/a'), { recursive: true });
    mkdirSync(at('more/b'));
    symlinkSync('../b', at('more/a/to-b'));
    symlinkSync('../a', at('more/b/to-a'));
    const source = pathToFileURL(`${at('more')}/`).href;
    const extras = [{ kind: 'directory' as const, source, destination: 'd' }];
    await expect(makeRemaster(installerIso('X'), { files: [], extras }, dir)).rejects.toThrow(
      /leads in a circle/,
    );
  });

  it.each(['http://127.0.0.1:1/d', 'file://elsewhere/d'])(
    'copies no directory %s',
    async (source) => {
      const extras = [{ kind: 'directory' as const, source, destination: 'd' }];
      await expect(
        makeRemaster(installerIso('X'), { files: [], extras }, dir),
      ).rejects.toMatchObject({
        code: 'OZ_DOWNLOAD_URL',
        hint: expect.stringMatching(/<file>|file:\/\/\/absolute/),
      });
    },
  );
});

describe('stageMedia()', () => {
  const isoPlan = (carrier: AnswerCarrier, change: Partial<BuildPlan['install']>): BuildPlan => {
    const install = { type: 'iso' as const, url: 'http://h/x.iso', extras: [] };
    const made = plan(testInput({ tdl: testTdl({ install }) }));
    return { ...made, install: { ...made.install, carrier, ...change } };
  };
  const kernelBoot = (cmdline: string) => ({
    kind: 'kernel' as const,
    kernel: { from: 'iso' as const, paths: ['boot/kernel'] },
    initrd: { from: 'iso' as const, paths: ['boot/initrd'] },
    cmdline,
  });

  async function stage(
    made: BuildPlan,
    label = 'Some OS 1',
    remasters?: 'overlay' | 'splice',
    seen?: (medium: LocalMedium) => void,
  ) {
    const memory: MemoryBackend = memoryBackend({ capabilities: { remasters } });
    const backend: MemoryBackend = {
      ...memory,
      stage(medium, options) {
        seen?.(medium);
        return memory.stage(medium, options);
      },
    };
    const context = {
      plan: made,
      backend,
      workDir: dir,
      emit: () => {},
    } as Partial<BuildContext> as BuildContext;
    const iso = installerIso(label);
    const drivers = made.install.attach.some(({ role }) => role === 'drivers');
    return stageMedia(context, {
      files: new Map([['installer', iso], ...(drivers ? ([['drivers', iso]] as const) : [])]),
    });
  }

  it('attaches a CD with drivers behind the others', async () => {
    const made = isoPlan('medium', {
      medium: medium('cdrom'),
      boot: { kind: 'cdrom' },
      attach: [
        { role: 'installer', device: 'cdrom' },
        { role: 'answer', device: 'cdrom' },
        { role: 'drivers', device: 'cdrom' },
      ],
    });
    const seen: LocalMedium[] = [];
    const staged = await stage(made, 'Some OS 1', undefined, (one) => seen.push(one));
    expect(staged.media.map(({ role }) => role)).toEqual(['installer', 'answer', 'drivers']);
    expect(seen[2]?.path).toBe(seen[0]?.path);
  });

  it('attaches the answer medium behind the installer and leaves the initrd alone', async () => {
    const made = isoPlan('medium', {
      medium: medium('cdrom'),
      boot: kernelBoot(`inst.stage2=hd:LABEL=${installerLabel} inst.ks=hd:LABEL=OEMDRV:/ks.cfg`),
      attach: [
        { role: 'installer', device: 'cdrom' },
        { role: 'answer', device: 'cdrom' },
      ],
    });
    const staged = await stage(made);
    expect(staged.media.map(({ role, device }) => [role, device])).toEqual([
      ['installer', 'cdrom'],
      ['answer', 'cdrom'],
    ]);
    expect(staged.cmdline).toBe(
      'inst.stage2=hd:LABEL=Some\\x20OS\\x201 inst.ks=hd:LABEL=OEMDRV:/ks.cfg',
    );
    const initrd = path.basename(staged.initrd?.ref ?? '');
    expect(initrd).toBe('initrd-plain');
    expect(readFileSync(at('initrd-plain'))).toEqual(readFileSync(at('tree/boot/initrd')));
    const disk = { ref: 'd', format: 'raw', size: 1 };
    const spec = installSpec(made, { ...staged, disk, consoleLog: '/dev/null' });
    expect(spec.boot).toMatchObject({ cmdline: staged.cmdline });
    expect(spec.userData).toBeUndefined();
  });

  it('takes kernel and initrd from a boot floppy where they are only there', async () => {
    const files = [
      { path: 'vmlinuz', text: 'kernel of the floppy' },
      { path: 'initrd.img', text: 'initrd of the floppy' },
    ];
    const image = await makeAnswerMedium({ device: 'floppy', label: 'BOOT', files }, dir);
    mkdirSync(at('tree/Boot'), { recursive: true });
    copyFileSync(image, at('tree/Boot/cdrom.img'));
    const paths = ['Boot/cdrom.img'];
    const made = isoPlan('medium', {
      boot: {
        kind: 'kernel',
        kernel: { from: 'iso', paths, inside: 'vmlinuz' },
        initrd: { from: 'iso', paths, inside: 'initrd.img' },
        cmdline: '',
      },
    });
    const staged = await stage(made);
    const content = (ref: string | undefined) => readFileSync(ref ?? '', 'utf8');
    expect(content(staged.kernel?.ref)).toBe('kernel of the floppy');
    expect(content(staged.initrd?.ref)).toBe('initrd of the floppy');
  });

  it('starts the kernel that the user puts in the place of the one on the ISO', async () => {
    mkdirSync(at('mine/Boot'), { recursive: true });
    writeFileSync(at('mine/Boot/kernel'), 'my kernel');
    const source = pathToFileURL(at('mine')).href;
    const made = isoPlan('medium', {
      boot: { ...kernelBoot(''), kernel: { from: 'iso', paths: ['none/kernel', 'Boot/kernel'] } },
      attach: [{ role: 'installer', device: 'cdrom' }],
      remaster: { files: [], extras: [{ kind: 'directory', source, destination: '/' }] },
    });
    const staged = await stage(made);
    expect(readFileSync(staged.kernel?.ref ?? '', 'utf8')).toBe('my kernel');
    expect(isoFile(staged.media[0]?.ref ?? '', '/Boot/kernel')).toBe('my kernel');
  });

  it('starts a copy of the ISO where that is what carries the answers', async () => {
    const made = isoPlan('remaster', {
      boot: { kind: 'cdrom' },
      remaster: { files: [{ path: 'etc/installerconfig', text: 'x' }], extras: [] },
    });
    const staged = await stage(made);
    expect(staged.media).toHaveLength(1);
    expect(isoFile(staged.media[0]?.ref ?? '', '/etc/installerconfig')).toBe('x');
    expect(staged.kernel).toBeUndefined();
  });

  it('starts an overlay of the ISO where the place takes one', async () => {
    const made = isoPlan('remaster', {
      boot: { kind: 'cdrom' },
      remaster: { files: [{ path: 'etc/installerconfig', text: 'x' }], extras: [] },
    });
    const { media } = await stage(made, 'Some OS 1', 'overlay');
    const [installer] = media;
    expect(path.basename(installer?.base ?? '')).toBe('installer-original.iso');
    expect(run('qemu-img', 'info', installer?.ref ?? '')).toContain(
      `backing file: ${installer?.base}`,
    );
    run('qemu-img', 'convert', '-O', 'raw', installer?.ref ?? '', at('flat.iso'));
    expect(isoFile(at('flat.iso'), '/etc/installerconfig')).toBe('x');
    expect(isoFile(at('flat.iso'), '/boot/kernel')).toBe('kernel');
  });

  it('sends the ISO and what is new in one where the place is sent it', async () => {
    const made = isoPlan('remaster', {
      boot: { kind: 'cdrom' },
      remaster: { files: [{ path: 'etc/installerconfig', text: 'x' }], extras: [] },
    });
    mkdirSync(at('tree'), { recursive: true });
    writeFileSync(at('tree/payload'), Buffer.alloc(300_000, 'p'));
    let sent: LocalMedium | undefined;
    await stage(made, 'Some OS 1', 'splice', (medium) => {
      sent = medium;
    });
    const pieces = await piecesOf(sent?.path ?? '', sent?.splice);
    expect(new Set(pieces.map(({ file }) => file)).size).toBe(2);
    writeFileSync(at('sent.iso'), await buffer(readPieces(pieces)));
    expect(isoFile(at('sent.iso'), '/etc/installerconfig')).toBe('x');
    expect(isoFile(at('sent.iso'), '/boot/kernel')).toBe('kernel');
    expect(isoFile(at('sent.iso'), '/payload')).toBe('p'.repeat(300_000));
  });

  it('gives user data to the guest, and nothing else', async () => {
    const made = isoPlan('user-data', { boot: { kind: 'cdrom' } });
    const spec = guestSpecOf(made);
    expect(spec.userData).toBe(made.install.answer.text);
    expect((await stage(made)).media).toHaveLength(1);
  });
});

describe('udevLabel()', () => {
  it.each([
    ['Fedora-S-dvd-x86_64-44', 'Fedora-S-dvd-x86_64-44'],
    ['CentOS 7 x86_64', 'CentOS\\x207\\x20x86_64'],
    ['a/b"é', 'a/b\\x22\\xc3\\xa9'],
  ])('writes %s as udev does', (label, expected) => {
    expect(udevLabel(label)).toBe(expected);
  });
});
