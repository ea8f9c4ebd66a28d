/** Connects undici's requests, so that they read into memory that is taken again. */
import type { Agent } from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import type { buildConnector } from 'undici';
import { limitConnecting } from './connect-limit.ts';
import type { TransferRequest } from './data-wire.ts';
import type { Regions } from './regions.ts';

/** What a socket keeps before it reads no more: Node's 64 KiB stop it at each read. */
const highWaterMark = 1 << 20;

/** Reads into few regions (net.Socket's `onread`); goes on as pieces of a stream. */
function readingInto(regions: Regions): net.OnReadOpts {
  return {
    buffer: () => regions.take(),
    callback(this: net.Socket, bytes: number, region: Uint8Array) {
      return this.push(region.subarray(0, bytes));
    },
  };
}

type AgentConnect = (
  options: tls.ConnectionOptions,
  done: (error: Error | null, socket: net.Socket | null) => void,
) => unknown;

/** Connects directly, or as the agent of a proxy does. */
export function connector(
  { connectMs, connection: { agent, ...trust }, signal }: TransferRequest,
  regions: Regions,
): buildConnector.connector {
  return ({ hostname, port, protocol, servername }, callback) => {
    const secure = protocol === 'https:';
    let socket: net.Socket | null = null;
    let over = false;
    const settle = (error: Error | null) => {
      if (over) {
        socket?.destroy();
        return;
      }
      over = true;
      limit.done();
      signal?.removeEventListener('abort', stop);
      if (!error && socket) return callback(null, socket);
      socket?.on('error', () => {}).destroy();
      callback(error ?? new Error('no connection'), null);
    };
    const limit = limitConnecting(connectMs, settle);
    const stop = () => settle(new Error('stopped'));
    signal?.addEventListener('abort', stop, { once: true });
    const options = {
      host: hostname,
      port: Number(port) || (secure ? 443 : 80),
      ...(secure
        ? { ...trust, servername: servername ?? (net.isIP(hostname) ? '' : hostname) }
        : {}),
    };
    if (agent) {
      const connect = (agent as Agent & { createConnection: AgentConnect }).createConnection;
      connect.call(agent, options, (error, connected) => {
        socket = connected;
        settle(error);
      });
      return;
    }
    const direct = { ...options, highWaterMark, onread: readingInto(regions) };
    socket = secure ? tls.connect(direct as tls.ConnectionOptions) : net.connect(direct);
    limit.watch(socket, secure);
    socket.once('error', settle);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      socket?.off('error', settle);
      settle(null);
    });
  };
}
