/** A place that is left lets go of all it has, whatever fails on the way. */
import { expect, it } from 'vitest';
import { vir } from '../../../backends/libvirt/ffi.ts';
import { makePlace } from '../../../backends/libvirt/place.ts';
import { noLedger } from '../../../src/base/ledger-entry.ts';
import { failure, fakeConnection } from './fake-connection.ts';
import { kernelSpec } from './specs.ts';

it('also where a guest can not be destroyed', async () => {
  const ended: unknown[] = [];
  const connection = fakeConnection({
    domainState: () => ({ state: vir.state.running, reason: 0 }),
    destroyDomain(uuid) {
      if (uuid === stuck.uuid) throw failure(vir.error.operationFailed, 'it does not end');
      ended.push(uuid);
    },
  });
  connection.close = async () => void ended.push('connection');
  const place = makePlace({
    ...{ uri: 'qemu:///session', type: 'qemu', cacheDir: '/nowhere', bridge: null, connection },
    context: { ledger: noLedger, log: () => {} },
    capabilities: {
      guests: [{ arch: 'x86_64', types: ['qemu'], emulator: undefined, machines: [] }],
      owners: {},
    },
    connectTo: async () => connection,
  });
  const stuck = { ...kernelSpec, consoleLog: '' };
  const other = { ...stuck, name: 'other', uuid: '6f1b1c9e-6a3f-4b9b-9d4a-5a8d8c0f0002' };
  for (const spec of [stuck, other]) await (await place.createGuest(spec)).start();
  await expect(place.close()).rejects.toMatchObject({
    message: expect.stringContaining('it does not end'),
  });
  expect(ended).toEqual([other.uuid, 'connection']);
}, 10_000);
