/** A web server of files that are in memory; some of them take their time. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface MediaServer {
  /** Without a slash at the end. */
  url: string;
  /** By path. */
  files: Map<string, Buffer>;
  /** Milliseconds before a file's second half comes. */
  delays: Map<string, number>;
  close(): void;
}

export async function serveMedia(): Promise<MediaServer> {
  const files = new Map<string, Buffer>();
  const delays = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const name = request.url ?? '';
    const content = files.get(name);
    if (!content) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-length': content.length, etag: `"${name}"` });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const half = content.length >> 1;
    response.write(content.subarray(0, half));
    await sleep(delays.get(name) ?? 0);
    response.end(content.subarray(half));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...{ url: `http://127.0.0.1:${port}`, files, delays },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
