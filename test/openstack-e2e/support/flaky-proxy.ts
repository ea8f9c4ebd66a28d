/** Passes bytes on to a service, and drops one connection each way after so many of them. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface FlakyProxy {
  url: string;
  /** What was dropped so far: `up` towards the service, `down` from it. */
  drops: string[];
  close(): Promise<void>;
}

export async function flakyProxy(
  target: string,
  { dropUpAfter, dropDownAfter }: { dropUpAfter: number; dropDownAfter: number },
): Promise<FlakyProxy> {
  const { hostname, port } = new URL(target);
  const drops: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const service = connect(Number(port), hostname);
    const end = () => {
      client.destroy();
      service.destroy();
    };
    const count = (from: Socket, way: string, limit: number) => {
      let bytes = 0;
      from.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes <= limit || drops.includes(way)) return;
        drops.push(way);
        end();
      });
    };
    for (const socket of [client, service]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', end);
    }
    count(client, 'up', dropUpAfter);
    count(service, 'down', dropDownAfter);
    client.pipe(service);
    service.pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    drops,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
