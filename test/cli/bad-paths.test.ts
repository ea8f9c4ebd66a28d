/** Directories and names that can't be: said in words, at once, before anything is made. */
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main as install } from '../../src/cli/oz-install.ts';
import { main as plan } from '../../src/cli/plan.ts';
import { fakeIo } from './fake-io.ts';
import { memoryPlace, type Workshop, workshop } from './memory-place.ts';

let place: Workshop;
beforeEach(() => {
  place = workshop('http://deb.example.org/debian/dists/trixie/');
  writeFileSync(path.join(place.dir, 'file'), '');
  symlinkSync('loop', path.join(place.dir, 'loop'));
  symlinkSync('/dev/null', path.join(place.dir, 'to-null'));
});
afterEach(() => place.remove());

/** Sets a key of [paths] to another directory. */
function set(key: string, dir: string): void {
  const file = path.join(place.dir, 'oz.cfg');
  const text = readFileSync(file, 'utf8').replace(new RegExp(`^${key} = .*$`, 'm'), () => {
    return `${key} = ${dir}`;
  });
  writeFileSync(file, text);
}

describe.each([
  ['oz-install', install],
  ['oz plan', plan],
] as const)('%s', (_name, command) => {
  async function run(...argv: string[]) {
    const io = fakeIo({ cwd: place.dir });
    const { find, opened } = memoryPlace();
    const code = await command(['-c', 'oz.cfg', ...argv, 'x.tdl'], io, find);
    return { code, err: io.err(), guests: opened.flatMap(({ specs }) => specs) };
  }

  it.each([
    ['/proc/x.qcow2', "the kernel's own (proc)"],
    ['/proc/self/fd/x.qcow2', "the kernel's own (proc)"],
    ['DIR/file/x.qcow2', 'file is not a directory'],
    ['DIR/loop/x.qcow2', 'links that lead in a circle'],
    [`DIR/${'x'.repeat(256)}/x.qcow2`, 'the name is too long'],
    ['/dev/null/x.qcow2', '/dev/null is not a directory'],
    ['/dev/null', 'it is not a regular file'],
    ['DIR/to-null', 'it is not a regular file'],
  ])('refuses -s %s', async (image, why) => {
    const { code, err, guests } = await run('-s', image.replace('DIR', place.dir));
    expect(code).toBe(1);
    expect(err).toContain('Error: Cannot write the image ');
    expect(err).toContain(why);
    expect(err).toMatch(/Hint: name another file with -s, or set output_dir/);
    expect(err).not.toMatch(/\bE[A-Z]{4,}|foreseen/);
    expect(guests).toEqual([]);
  });

  it('refuses a name that the manifest beside the image would have too long', async () => {
    const { code, err, guests } = await run('-s', path.join(place.dir, 'x'.repeat(228)));
    expect(code).toBe(1);
    expect(err).toContain(
      "Error: Cannot build x-guest: its files' names would be 1 byte too long\n",
    );
    expect(err).toContain('Hint: choose a shorter name');
    expect(guests).toEqual([]);
  });

  it.each([
    ['output_dir', '/proc/x', 'Cannot write the image /proc/x/x-guest.dsk'],
    ['output_dir', '/proc/x/y', 'Cannot write the image /proc/x/y/x-guest.dsk'],
    ['data_dir', '/proc/x', 'Cannot use the data directory /proc/x: '],
    ['data_dir', 'DIR/file', 'Cannot use the data directory DIR/file: '],
    ['data_dir', 'DIR/loop', 'Cannot use the data directory DIR/loop: '],
  ])('refuses %s = %s at once', async (key, dir, message) => {
    const here = (text: string) => text.replace('DIR', place.dir);
    set(key, here(dir));
    const began = performance.now();
    const { code, err } = await run();
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(code).toBe(1);
    expect(err).toContain(`Error: ${here(message)}`);
    expect(err).toContain(`Hint: `);
    expect(err).toContain(`${key} in `.replace('output_dir in ', 'output_dir'));
    expect(err).not.toMatch(/\bE[A-Z]{4,}|foreseen/);
  });
});

it.each([
  ['/proc/x', "/proc is the kernel's own (proc)"],
  ['DIR/file', 'is not a directory'],
])('a screenshot_dir %s is warned of', async (dir, why) => {
  set('screenshot_dir', dir.replace('DIR', place.dir));
  const io = fakeIo({ cwd: place.dir });
  const code = await plan(['-c', 'oz.cfg', '--json', 'x.tdl'], io, memoryPlace().find);
  expect(code).toBe(0);
  const { warnings } = JSON.parse(io.out()) as { warnings: string[] };
  expect(warnings.join('\n')).toContain("screenshot_dir in [paths] of oz.cfg can't be used");
  expect(warnings.join('\n')).toContain(why);
});
