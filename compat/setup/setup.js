/**
 * Makes a fresh Debian machine ready: the Debian packages of the groups named on the
 * command line (see src/base/debian-packages.json), then the npm packages and the build. Plain
 * JavaScript without dependencies, since it runs before anything is installed. A line a step;
 * what they write is in .rig/setup.log.
 *
 *     node compat/setup/setup.js build test
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const groups = JSON.parse(
  readFileSync(path.join(root, 'src/base/debian-packages.json'), 'utf8'),
).groups;

/** What apt, npm and the bundler write: hundreds of lines that are wanted only where they fail. */
const log = path.join(root, '.rig/setup.log');

/** @param {string} text */
const say = (text) => process.stderr.write(`setup: ${text}\n`);

/** @param {string} text */
function fail(text) {
  say(text);
  process.exit(1);
}

/** @param {string} command @param {string[]} args */
function has(command, args = ['--version']) {
  return spawnSync(command, args, { stdio: 'ignore' }).error === undefined;
}

let begun = false;

/** One line on the terminal, and what the commands write in the log. @param {string} title */
function step(title) {
  mkdirSync(path.dirname(log), { recursive: true });
  writeFileSync(log, `== ${title}\n`, { flag: begun ? 'a' : 'w' });
  say(begun ? title : `${title} (log: ${log})`);
  begun = true;
}

/** @param {string} title @param {string} command @param {string[]} args */
function run(title, command, args) {
  const file = openSync(log, 'a');
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', file, file],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  closeSync(file);
  if (status === 0) return;
  const last = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-12);
  process.stderr.write(`${last.map((line) => `  ${line}`).join('\n')}\n`);
  fail(`Cannot finish ${title}: ${error?.message ?? `exit code ${status}`}; the rest is in ${log}`);
}

/** @param {string[]} names */
function missingPackages(names) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const format = '-f=${Package} ${db:Status-Status}\n';
  const { stdout } = spawnSync('dpkg-query', ['-W', format, ...names], {
    encoding: 'utf8',
  });
  const installed = new Set(
    (stdout ?? '')
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return names.filter((name) => !installed.has(name));
}

/** @param {string[]} names */
function installPackages(names) {
  if (!has('dpkg-query') || !has('apt-get')) {
    say(`not a Debian system: install what these packages hold yourself: ${names.join(' ')}`);
    return;
  }
  const missing = missingPackages(names);
  if (missing.length === 0) return;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && !has('sudo')) {
    return fail(
      `Cannot install Debian packages: you are not root, and there is no sudo; as root: apt-get install ${missing.join(' ')}`,
    );
  }
  step(`installing ${missing.length} Debian packages: ${missing.join(' ')}`);
  // sudo passes no variables on
  const sudo = isRoot ? [] : ['sudo', 'env', 'DEBIAN_FRONTEND=noninteractive'];
  const apt = [...sudo, 'apt-get', '-q', '-o', 'Dpkg::Use-Pty=0'];
  const [command = '', ...args] = apt;
  run('apt-get update', command, [...args, 'update']);
  withoutServices(() =>
    run('apt-get install', command, [
      ...args,
      ...['install', '-y', '--no-install-recommends', ...missing],
    ]),
  );
}

/**
 * Debian's packages start their services (databases, message queues) unless this file says no:
 * the rigs start their own. On a user's own machine, without root, nothing is changed.
 * @param {() => void} act
 */
function withoutServices(act) {
  const file = '/usr/sbin/policy-rc.d';
  if (process.getuid?.() !== 0 || existsSync(file)) return act();
  writeFileSync(file, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const restore = () => rmSync(file, { force: true });
  // run() ends the process when apt fails.
  process.once('exit', restore);
  act();
  process.off('exit', restore);
  restore();
}

function installModules() {
  const lock = path.join(root, 'package-lock.json');
  const stamp = path.join(root, 'node_modules/.package-lock.json');
  if (!existsSync(stamp) || statSync(stamp).mtimeMs < statSync(lock).mtimeMs) {
    step("installing what npm's lock file names, and building Ozma");
    run('npm ci', 'npm', ['ci', '--no-audit', '--no-fund']);
  } else if (!existsSync(path.join(root, 'dist/src/cli/oz-install.js'))) {
    step('building Ozma');
    run('npm run build', 'npm', ['run', '--silent', 'build']);
  }
}

/** @param {string} group @returns {string[]} */
function packagesOf(group) {
  if (groups[group]) return groups[group];
  say(`Cannot install group ${group}: there are ${Object.keys(groups).join(', ')}`);
  process.exit(2);
}

installPackages([...new Set(process.argv.slice(2).flatMap(packagesOf))]);
installModules();
