/** A directory that stands for a guest: its scripts run here, with programs that say what they are told. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Sandbox {
  /** The path here of a name in the guest. */
  at(name: string): string;
  write(name: string, text: string): void;
  /** Empty when there is no such file. */
  read(name: string): string;
  /** Puts a program into the guest; a shell script. */
  program(name: string, text: string): void;
  /** Runs a script and gives what it printed; an error has its exit code in `status`. */
  run(text: string, args?: readonly string[], shell?: string): string;
  remove(): void;
}

const places = /(?<![\w.}*])\/(etc|run|var|root|tmp|home|usr)\b/g;

export function sandbox(): Sandbox {
  const root = mkdtempSync(path.join(tmpdir(), 'ozma-guest-'));
  const at = (name: string) => path.join(root, name);
  const write = (name: string, text: string, mode?: number) => {
    mkdirSync(path.dirname(at(name)), { recursive: true });
    writeFileSync(at(name), text, { mode });
  };
  for (const name of ['bin', 'var/tmp']) mkdirSync(at(name), { recursive: true });
  return {
    at,
    write,
    read: (name) => (existsSync(at(name)) ? readFileSync(at(name), 'utf8') : ''),
    program: (name, text) => write(`bin/${name}`, `#!/bin/sh\n${text}\n`, 0o755),
    run(text, args = [], shell = 'dash') {
      const placed = text.replace(places, `${root}/$1`);
      const env = { PATH: `${at('bin')}:${process.env.PATH}`, HOME: at('root') };
      const input = `main() {\n${placed}\n}\nmain "$@" </dev/null\nexit $?\n`;
      return execFileSync(shell, ['-s', '--', ...args], {
        input,
        env,
        encoding: 'utf8',
        stdio: 'pipe',
      });
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
