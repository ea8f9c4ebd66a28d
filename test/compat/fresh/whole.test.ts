import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openConsole, shown } from '../../../compat/fresh/console.ts';
import { takenAway } from '../../../compat/fresh/hints.ts';
import { resultsOf } from '../../../compat/fresh/whole.ts';
import { packageGroups } from '../../../src/base/debian-packages.ts';

describe("the demo's results", () => {
  const names = { image: '/o/d.qcow2', 'domain XML': '/o/d.xml', ICICLE: '/o/d.icicle' };
  // As compat/demo prints it.
  const lines = Object.entries(names).map(([name, file]) => `demo: ${name.padEnd(11)} ${file}\n`);
  const text = `x\n${lines.join('')}`;

  it('are the files that it names', () => {
    expect(resultsOf(text)).toEqual({
      image: '/o/d.qcow2',
      xml: '/o/d.xml',
      icicle: '/o/d.icicle',
    });
  });

  it('are missing where one is not named', () => {
    expect(() => resultsOf(text.replace('ICICLE', 'icicle'))).toThrow('does not name its icicle');
  });
});

describe("a guest's console", () => {
  let dir: string;
  let guest: Socket | undefined;
  const server = createServer((socket) => {
    guest = socket;
  });
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'console-'));
  });
  afterEach(() => {
    server.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('is waited for, answered, and read only once', async () => {
    const file = path.join(dir, 's');
    const stop = new AbortController();
    // The guest's socket comes later than the one who looks for it.
    const opening = openConsole(file, stop.signal);
    server.listen(file);
    const console = await opening;
    if (!guest) await once(server, 'connection');
    guest?.write('Debian 13\r\nweb login: ');
    expect(await console.expect(/ login: $/, 5)).toBe('Debian 13\nweb login: ');
    console.send('root');
    expect(String((await once(guest as Socket, 'data'))[0])).toBe('root\r');
    await expect(console.expect(/ login: $/, 0)).rejects.toThrow('the console does not show');
    console.close();
  });

  it('shows text without colors, titles and cursor movements', () => {
    const esc = String.fromCharCode(27);
    const title = `${esc}]0;root@web${String.fromCharCode(7)}`;
    expect(shown(`${esc}[?2004h${title}${esc}[1;32mroot${esc}[0m# \r\n`)).toBe('root# \n');
  });
});

describe('packages that are taken away', () => {
  it('are those that the build starts', () => {
    const ofRoot = takenAway('root');
    expect(packageGroups.build).toEqual(expect.arrayContaining(ofRoot));
    expect(ofRoot).toEqual(expect.arrayContaining(['qemu-utils', 'osinfo-db', 'libvirt0']));
    expect(ofRoot).toContain('libvirt-daemon-system');
    expect(takenAway('user')).not.toContain('libvirt-daemon-system');
  });
});
