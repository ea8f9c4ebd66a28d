/** Builds tdl-examples/debian-13.tdl here, whatever mirror this machine has. */
import { spawn } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import path from 'node:path';
import { packageFile } from '../../src/base/package-root.ts';
import { runProgram } from '../program.ts';
import { adaptTdl } from './adapt-tdl.ts';
import { findInstallerTree } from './installer-tree.ts';

const example = packageFile('tdl-examples/debian-13.tdl');
const out = path.resolve(process.env.OZMA_DEMO_DIR ?? packageFile('.rig/demo'));
const say = (line: string) => console.log(`demo: ${line}`);

async function build(tdl: string, signal: AbortSignal): Promise<number> {
  const files = {
    icicle: path.join(out, 'debian-13.icicle'),
    xml: path.join(out, 'debian-13.xml'),
  };
  const image = path.join(out, 'debian-13.qcow2');
  await writeFile(path.join(out, 'oz.cfg'), configText);
  const args = ['-c', path.join(out, 'oz.cfg'), '-p', '-u', '-g', '-i', files.icicle];
  args.push('-x', files.xml, '-s', image, tdl);
  say(`$ oz-install ${args.join(' ')}`);
  const child = spawn(process.execPath, [packageFile('bin/oz-install.js'), ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    cwd: out,
  });
  // oz-install gets the terminal's Ctrl-C itself, and clears up; we wait for it.
  signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit, by) => resolve(exit ?? 128 + (by ? constants.signals[by] : 0)));
  });
  if (code === 0) {
    for (const file of [image, files.xml, files.icicle]) await stat(file);
    say(`image       ${image}`);
    say(`domain XML  ${files.xml}`);
    say(`ICICLE      ${files.icicle}`);
  }
  return code;
}

/**
 * Everything of the demo stays in its own directory. User-mode networking
 * reaches the rig on this machine, and needs no daemon and no bridge.
 */
const configText = `[paths]
output_dir = ${out}
data_dir = ${out}/data
screenshot_dir = ${out}/evidence
[libvirt]
uri = qemu:///session
image_type = qcow2
`;

await runProgram(async (signal) => {
  const text = await readFile(example, 'utf8');
  const wanted = /<url>\s*([^<\s]*)\s*<\/url>/.exec(text)?.[1] ?? '';
  await mkdir(out, { recursive: true });
  say(`a Debian 13 image of tdl-examples/debian-13.tdl, in ${out}`);
  const tree = await findInstallerTree(wanted, say, signal);
  try {
    let tdl = example;
    if (tree.url !== wanted) {
      tdl = path.join(out, 'debian-13.tdl');
      await writeFile(tdl, adaptTdl(text, tree.url, tree.kernelparam));
      say(`the installer is at ${tree.url}`);
    }
    return await build(tdl, signal);
  } finally {
    await tree.close();
  }
});
