/** A user that exists for one test: no groups, an empty home. */
import { chown, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runTool } from '../../../src/base/run-tool.ts';

export interface TemporaryUser {
  name: string;
  home: string;
  env: Record<string, string>;
  /** Writes a file into the home, as the user's own. */
  write(file: string, text: string): Promise<string>;
  /** Ends what the user still runs (a session daemon), and removes user and home. */
  remove(): Promise<void>;
}

async function processesOf(name: string): Promise<number[]> {
  const { stdout } = await runTool('ps', ['-u', name, '-o', 'pid='], { okCodes: [0, 1] });
  return stdout.toString('utf8').split(/\s+/).filter(Boolean).map(Number);
}

export async function makeUser(): Promise<TemporaryUser> {
  const name = `oz-e2e-${process.pid}`;
  const home = path.join('/tmp', name);
  await runTool('useradd', ['--create-home', '--home-dir', home, '--shell', '/bin/sh', name]);
  const id = async (flag: string) => Number((await runTool('id', [flag, name])).stdout);
  const [uid, gid] = [await id('-u'), await id('-g')];
  const runtime = path.join(home, 'run');
  await mkdir(runtime, { mode: 0o700 });
  await chown(runtime, uid, gid);
  return {
    name,
    home,
    env: { HOME: home, USER: name, LOGNAME: name, XDG_RUNTIME_DIR: runtime },
    async write(file, text) {
      const at = path.join(home, file);
      await mkdir(path.dirname(at), { recursive: true });
      await writeFile(at, text);
      await runTool('chown', ['-R', `${uid}:${gid}`, home]);
      return at;
    },
    async remove() {
      for (const pid of await processesOf(name)) process.kill(pid, 'SIGTERM');
      for (let i = 0; i < 50 && (await processesOf(name)).length > 0; i++) await sleep(200);
      await runTool('userdel', [name], { okCodes: [0, 6] });
      await rm(home, { recursive: true, force: true });
    },
  };
}
