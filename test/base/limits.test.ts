/** What claims to be endless is taken up to a limit, which the message names. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { readCloudsFiles } from '../../backends/openstack/auth/clouds-files.ts';
import { createWire } from '../../backends/openstack/http/wire.ts';
import { detectTree } from '../../osinfo/index.ts';
import { limits } from '../../src/base/limits.ts';
import { gather, readBounded, readBoundedSync } from '../../src/base/read-bounded.ts';
import { readExact } from '../../src/check/read-exact.ts';
import { readAnswer } from '../../src/compose/inputs.ts';
import { loadConfig } from '../../src/config/load.ts';
import { fetchDirectory } from '../../src/media/directory.ts';
import { readTdl } from '../../src/tdl/read.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'ozma-limits-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const endless = '/dev/zero';

describe('files without an end', () => {
  it('are read up to the limit', async () => {
    expect(await readBounded(endless, 1000)).toBeUndefined();
    expect(readBoundedSync(endless, 1000)).toBeUndefined();
    expect((await readBounded('/dev/null', 0))?.length).toBe(0);
    expect(readBoundedSync('/dev/null', 0)?.length).toBe(0);
    expect((await gather(Readable.from(['ab', 'c']), 3))?.toString()).toBe('abc');
    expect(await gather(Readable.from(['ab', 'cd']), 3)).toBeUndefined();
  });

  const message = (size: string) =>
    expect.objectContaining({ message: expect.stringContaining(size) });

  it('are no TDL, answer file, or template to migrate', async () => {
    await expect(readTdl(endless)).rejects.toEqual(message('5 MiB'));
    const around = { env: {}, cwd: dir };
    await expect(readAnswer(endless, around as never)).rejects.toEqual(message('5 MiB'));
    await expect(readExact(endless)).rejects.toEqual(message('5 MiB'));
  });

  it('are no oz.cfg and no clouds.yaml', () => {
    expect(() => loadConfig({ path: endless, home: dir, isRoot: false })).toThrow(message('1 MiB'));
    symlinkSync(endless, path.join(dir, 'clouds.yaml'));
    const around = { env: {}, cwd: dir, home: dir };
    expect(() => readCloudsFiles(around as never)).toThrow(message('5 MiB'));
  });

  it('are no .treeinfo', async () => {
    const tree = path.join(dir, 'tree');
    mkdirSync(tree);
    symlinkSync(endless, path.join(tree, '.treeinfo'));
    await expect(detectTree(tree, { env: osinfoEnv })).rejects.toMatchObject({
      code: 'OZ_OSINFO_NO_TREE',
      message: expect.stringMatching(/\.treeinfo: it is larger than 1 MiB$/),
    });
  });
});

describe('answers of a cloud', () => {
  async function asked(packed: boolean, body?: Readable) {
    for (const name of ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']) {
      vi.stubEnv(name, '');
      vi.stubEnv(name.toUpperCase(), '');
    }
    onTestFinished(() => void vi.unstubAllEnvs());
    const piece = Buffer.alloc(1024 * 1024, '[');
    const bomb = packed ? gzipSync(Buffer.alloc(limits.answer * 2, ' '), { level: 9 }) : undefined;
    let sent = 0;
    const server = createServer(async (request, response) => {
      request.resume();
      response.on('error', () => {});
      if (bomb) return void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
      while (!response.destroyed) {
        sent += piece.length;
        if (!response.write(piece))
          await Promise.race([once(response, 'drain'), once(response, 'close')]);
      }
    });
    onTestFinished(() => void server.close());
    onTestFinished(() => server.closeAllConnections());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/x?token=secret`;
    const wire = createWire({ insecure: false, cacert: null, cert: null, key: null });
    const request = { method: body ? 'PUT' : 'GET', url, headers: {}, idleMs: 10_000, body };
    const error = await wire.send(request).catch((reason: unknown) => reason);
    return { error, sent };
  }
  const refused = {
    code: 'OZ_CLOUD_ANSWER',
    message: expect.stringMatching(
      /^Cannot use the answer of 127\.0\.0\.1:\d+: it is larger than 32 MiB$/,
    ),
  };

  it('that never end are broken off', async () => {
    const { error, sent } = await asked(false);
    expect(error).toMatchObject(refused);
    expect(sent).toBeLessThan(limits.answer * 2);
  });

  it('that unpack to much more than they are, too', async () => {
    expect((await asked(true)).error).toMatchObject(refused);
  });

  it('to an upload as well', async () => {
    const { error, sent } = await asked(false, Readable.from(['x']));
    expect(error).toMatchObject(refused);
    expect(sent).toBeLessThan(limits.answer * 2);
  });
});

/** Speaks as much FTP as a listing takes, and lists without an end. */
async function endlessFtp(): Promise<string> {
  const line = Buffer.from(
    '-rw-r--r-- 1 a a 1 Jan 1 2024 a-file-with-a-long-name.rpm\r\n'.repeat(2000),
  );
  let control: Socket | undefined;
  const data = createTcpServer((socket) => {
    socket.on('error', () => {});
    control?.write('150 here it comes\r\n');
    const more = (): void => {
      while (!socket.destroyed && socket.write(line));
    };
    socket.on('drain', more);
    more();
  });
  await once(data.listen(0, '127.0.0.1'), 'listening');
  const { port } = data.address() as AddressInfo;
  const server = createTcpServer((socket) => {
    control = socket;
    socket.on('error', () => {});
    socket.write('220 hello\r\n');
    socket.on('data', (bytes) => {
      for (const command of bytes.toString().split('\r\n').filter(Boolean)) {
        const [verb = ''] = command.split(' ');
        const answers: Record<string, string> = {
          USER: '230 in',
          FEAT: '211 none',
          PWD: '257 "/"',
          CWD: '250 there',
          EPSV: `229 ok (|||${port}|)`,
          PASV: `227 ok (127,0,0,1,${port >> 8},${port & 255})`,
        };
        if (!/^(LIST|MLSD)$/.test(verb)) socket.write(`${answers[verb] ?? '200 fine'}\r\n`);
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  for (const one of [data, server]) onTestFinished(() => void one.close());
  return `ftp://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

it('an FTP server that lists without an end is left', async () => {
  await expect(
    fetchDirectory(`${await endlessFtp()}pub`, path.join(dir, 'extras')),
  ).rejects.toMatchObject({
    code: 'OZ_DOWNLOAD_TOO_LARGE',
    message: expect.stringContaining('listed in more than 16 MiB'),
  });
});
