/** The start of a conversation in RFB, VNC's protocol (RFC 6143), and what both uses of it share. */
import { OzError } from '../../../src/base/errors.ts';
import type { BytePipe } from './byte-pipe.ts';

export interface Size {
  width: number;
  height: number;
}

export function refuse(why: string): OzError {
  return new OzError('OZ_CLOUD_CONSOLE', `Cannot use the VNC console: ${why}`);
}

const noSecurity = 1;

async function shakeHands(pipe: BytePipe): Promise<void> {
  const version = (await pipe.read(12)).toString('latin1');
  if (!/^RFB 003\.\d{3}\n$/.test(version)) throw refuse('it is no VNC server');
  const minor = Number(version.slice(8, 11));
  pipe.write(Buffer.from(minor >= 8 ? 'RFB 003.008\n' : 'RFB 003.003\n'));
  if (minor < 8) {
    if ((await pipe.read(4)).readUInt32BE() !== noSecurity) throw refuse('it wants a password');
    return;
  }
  const [count = 0] = await pipe.read(1);
  const kinds = await pipe.read(count);
  if (!kinds.includes(noSecurity)) throw refuse('it wants a password');
  pipe.write(Buffer.from([noSecurity]));
  if ((await pipe.read(4)).readUInt32BE() !== 0) throw refuse('it lets nobody in');
}

/** Returns the screen's size. Throws `OZ_CLOUD_CONSOLE`. */
export async function openSession(pipe: BytePipe): Promise<Size> {
  await shakeHands(pipe);
  pipe.write(Buffer.from([1])); // shared: whoever looks already goes on looking
  const init = await pipe.read(24);
  await pipe.read(init.readUInt32BE(20)); // its name
  return { width: init.readUInt16BE(0), height: init.readUInt16BE(2) };
}
