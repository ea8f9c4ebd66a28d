/**
 * Makes a fresh Debian machine ready: the Debian packages of the groups named on the
 * command line (see src/base/debian-packages.json), then the npm packages and the build. Plain
 * JavaScript without dependencies, since it runs before anything is installed.
 *
 *     node compat/setup/setup.js build test
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const groups = JSON.parse(
  readFileSync(path.join(root, 'src/base/debian-packages.json'), 'utf8'),
).groups;

/** @param {string} text */
const say = (text) => process.stderr.write(`setup: ${text}\n`);

/** @param {string} command @param {string[]} args */
function has(command, args = ['--version']) {
  return spawnSync(command, args, { stdio: 'ignore' }).error === undefined;
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status === 0) return;
  say(`Cannot finish ${command} ${args[0]}: ${error?.message ?? `exit code ${status}`}`);
  process.exit(1);
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
  const prefix = process.getuid?.() === 0 ? [] : ['sudo'];
  if (prefix.length > 0 && !has('sudo')) {
    say(`Cannot install ${missing.join(' ')}: you are not root and there is no sudo`);
    process.exit(1);
  }
  say(`installing ${missing.join(' ')}`);
  const apt = [...prefix, 'apt-get', '-q', '-o', 'Dpkg::Use-Pty=0'];
  const [command = '', ...args] = apt;
  run(command, [...args, 'update']);
  withoutServices(() =>
    run(command, [...args, 'install', '-y', '--no-install-recommends', ...missing]),
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
    say('npm ci');
    run('npm', ['ci', '--no-audit', '--no-fund']);
  } else if (!existsSync(path.join(root, 'dist/src/cli/oz-install.js'))) {
    run('npm', ['run', '--silent', 'build']);
  }
}

/** @param {string} group @returns {string[]} */
function packagesOf(group) {
  if (groups[group]) return groups[group];
  say(`Cannot install group ${group}: there are ${Object.keys(groups).join(', ')}`);
  process.exit(2);
}

installPackages(process.argv.slice(2).flatMap(packagesOf));
installModules();
