/** Ends connections that do not come about. */
import type { Socket } from 'node:net';

/** As got names them: `event` is the step that took too long. */
export function timeout(event: string): Error {
  return Object.assign(new Error(`timeout of ${event}`), { code: 'ETIMEDOUT', event });
}

export interface ConnectLimit {
  /** The connection that is waited for from now on; `secure`: up to the end of its greeting. */
  watch(socket: Socket, secure: boolean): void;
  done(): void;
}

/** Calls `onTimeout` when a step up to a connection takes longer than `ms`. */
export function limitConnecting(ms: number, onTimeout: (error: Error) => void): ConnectLimit {
  let step = 'lookup';
  const timer = setTimeout(() => onTimeout(timeout(step)), ms);
  const done = () => clearTimeout(timer);
  const next = (name: string) => () => {
    step = name;
    timer.refresh();
  };
  return {
    watch(socket, secure) {
      // Those that come through a proxy are connected already.
      if (!socket.connecting) return done();
      socket.once('lookup', next('connect'));
      socket.once('connect', secure ? next('secureConnect') : done);
      if (secure) socket.once('secureConnect', done);
    },
    done,
  };
}
