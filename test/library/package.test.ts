/** What a program gets that installs the package: the built files, as npm packs them. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../../src/base/package-root.ts';

const { dependencies } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
};

let dir: string;

function run(command: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: dir, encoding: 'utf8' });
  expect(`${stderr}${status === 0 ? '' : stdout}`).toBe('');
  expect(status).toBe(0);
  return stdout;
}

function install(name: string): void {
  const target = path.join(dir, 'node_modules', name);
  mkdirSync(path.dirname(target), { recursive: true });
  symlinkSync(packageFile('node_modules', name), target);
}

beforeAll(() => {
  expect(existsSync(packageFile('dist/src/index.js')), 'npm run build comes first').toBe(true);
  dir = mkdtempSync(path.join(tmpdir(), 'ozma-package-'));
  // npm 10 prepares a folder in spite of --ignore-scripts: it would build anew, below other tests.
  const copy = path.join(dir, 'copy');
  cpSync(packageFile(), copy, {
    recursive: true,
    filter: (from) => !/^(?:\.|node_modules$|test$)/.test(path.relative(packageFile(), from)),
  });
  const { scripts: _, ...rest } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8'));
  writeFileSync(path.join(copy, 'package.json'), JSON.stringify(rest));
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', dir, copy];
  const { stdout } = spawnSync('npm', pack, { cwd: dir, encoding: 'utf8' });
  rmSync(copy, { recursive: true });
  mkdirSync(path.join(dir, 'node_modules/ozma'), { recursive: true });
  run('tar', '-xzf', stdout.trim(), '--strip-components=1', '-C', 'node_modules/ozma');
  for (const name of [...Object.keys(dependencies), '@types/node']) install(name);
  writeFileSync(path.join(dir, 'package.json'), '{"type":"module"}');
}, 60_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }), 60_000);

const template = `<template>
  <name>web</name>
  <os>
    <name>Debian</name><version>13</version><arch>x86_64</arch>
    <install type='url'><url>http://ftp.debian.org/debian/dists/trixie/</url></install>
    <rootpw>a-secret-word</rootpw>
  </os>
</template>`;

describe('the package', () => {
  it('plans from a program of its own', () => {
    const config = `[libvirt]\nuri = test:///default\nimage_type = qcow2\n[paths]\noutput_dir = ${'/'}out\n`;
    writeFileSync(
      path.join(dir, 'program.js'),
      `import { build, customize, generateIcicle, maskPlan, OzError, parseConfig, parseTdl, plan } from 'ozma';
      import { loadOsinfo } from 'ozma/osinfo';
      const tdl = await parseTdl(${JSON.stringify(template)});
      const config = parseConfig(${JSON.stringify(config)});
      const decided = await plan(tdl, { config, customize: true, icicle: true });
      const codeOf = (work) => work().then(() => 'none', (error) => error instanceof OzError && error.code);
      const stopped = AbortSignal.abort(new OzError('MY_CODE', 'enough'));
      console.log(JSON.stringify({
        plan: maskPlan(decided),
        os: loadOsinfo().os('debian13').name,
        codes: [
          await codeOf(() => parseTdl('<template/>')),
          await codeOf(() => build(tdl, { config, signal: stopped })),
          await codeOf(() => customize(tdl, 'none.xml', { config })),
          await codeOf(() => generateIcicle(tdl, 'none.xml', { config })),
        ],
      }));`,
    );
    const said = JSON.parse(run(process.execPath, 'program.js'));
    expect(said).toMatchObject({
      plan: { name: 'web', outputs: { image: '/out/web.qcow2' }, backend: 'libvirt' },
      os: 'Debian 13',
      codes: ['OZ_TDL_SCHEMA', 'MY_CODE', 'OZ_DOMAIN_XML', 'OZ_DOMAIN_XML'],
    });
    expect(JSON.stringify(said)).not.toContain('a-secret-word');
  });

  it.each([
    ['node16', 'node16'],
    ['esnext', 'bundler'],
  ])(
    'brings its types, and does what its documents show: module %s, resolved as %s',
    (...how) => {
      writeFileSync(
        path.join(dir, 'program.ts'),
        `import { build, type BuildEvent, type BuildResult, customize, generateIcicle, parseTdl } from 'ozma';
      import { detectIso, type DetectedOs, loadOsinfo, openOsinfo } from 'ozma/osinfo';
      const tdl = await parseTdl('<template/>', { rootpwRequired: true });
      const onEvent = (event: BuildEvent): string | null => event.type === 'phase-end' ? event.phase : null;
      const result: BuildResult = await build(tdl, { customize: true, icicle: 'x.icicle', onEvent: (e) => void onEvent(e) });
      const id: string | undefined = result.published?.id;
      await customize(tdl, result.domainXml, { backend: 'openstack' });
      const icicle: string = await generateIcicle(tdl, 'x.xml');
      // @ts-expect-error: no such backend
      await build(tdl, { backend: 'vmware' });
      // @ts-expect-error: a document is no TDL
      await build('<template/>');
      const held: DetectedOs[] = await detectIso('x.iso');
      // @ts-expect-error: an id is a text
      loadOsinfo().os(13);
      // @ts-expect-error: the same of the database below
      openOsinfo().os(13);
      export { held, icicle, id };`,
      );
      const given = `declare const templateText: string;\ndeclare const laterTdl: import('ozma').Tdl;\n`;
      writeFileSync(path.join(dir, 'given.d.ts'), given);
      const shown = ['README.md', 'docs/LIBRARY.md'].flatMap((document) => {
        const text = readFileSync(path.join(dir, 'node_modules/ozma', document), 'utf8');
        return [...text.matchAll(/^```js\n(.*?)^```/gms)].map(([, program = '']) => program);
      });
      expect(shown).toHaveLength(3);
      const examples = shown.map((program, i) => {
        writeFileSync(path.join(dir, `shown-${i}.ts`), program);
        return `shown-${i}.ts`;
      });
      const [module, resolution] = how;
      const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--types', 'node'];
      run(
        process.execPath,
        packageFile('node_modules/typescript/bin/tsc'),
        ...[...options, '--target', 'es2022', '--lib', 'es2023'],
        ...['--module', module, '--moduleResolution', resolution],
        ...['given.d.ts', 'program.ts', ...examples],
      );
    },
    60_000,
  );

  it('has the pages of its commands', () => {
    for (const file of ['docs/man/oz-install.1', 'docs/man/oz.cfg.5', 'docs/LIBRARY.md'])
      expect([file, existsSync(path.join(dir, 'node_modules/ozma', file))]).toEqual([file, true]);
  });
});
