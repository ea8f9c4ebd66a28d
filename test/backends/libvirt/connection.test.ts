import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type Connection,
  connect,
  type DomainEvent,
} from '../../../backends/libvirt/connection.ts';
import { domainXml } from '../../../backends/libvirt/domain-xml.ts';
import { isGone, libvirtCode } from '../../../backends/libvirt/failures.ts';
import { vir } from '../../../backends/libvirt/ffi.ts';
import { findBridge, guestAddress } from '../../../backends/libvirt/network.ts';
import { OzError } from '../../../src/base/errors.ts';
import { cases, kernelSpec } from './specs.ts';

async function withConnection<T>(use: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await connect('test:///default');
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

const simpleDomain = (name: string, uuid: string) =>
  `<domain type='test'><name>${name}</name><uuid>${uuid}</uuid><memory>65536</memory><os><type>hvm</type></os></domain>`;

describe('a connection to test:///default', () => {
  it('creates, sees events of one domain only, destroys', async () => {
    await withConnection(async (connection) => {
      const uuid = randomUUID();
      const other = randomUUID();
      const events: DomainEvent[] = [];
      const off = connection.onDomain(uuid, (event) => events.push(event));
      await connection.call('start', 'createDomain', [simpleDomain('other', other)]);
      const made = await connection.call('start', 'createDomain', [simpleDomain('one', uuid)]);
      expect(made).toEqual({ uuid, name: 'one', active: true, persistent: false });
      expect(await connection.call('look', 'domainByName', ['one'])).toEqual(made);
      expect(await connection.call('look', 'domainByName', ['nobody'])).toBeNull();
      const { state } = await connection.call('look', 'domainState', [uuid]);
      expect(state).toBe(vir.state.running);
      await connection.call('end', 'destroyDomain', [uuid]);
      await connection.call('end', 'destroyDomain', [other]);
      await expect.poll(() => events.length).toBe(2);
      expect(events).toEqual([
        { kind: 'lifecycle', event: vir.event.started, detail: 0 },
        { kind: 'lifecycle', event: vir.event.stopped, detail: vir.stopped.destroyed },
      ]);
      off();
    });
  });

  it('words failures and keeps each error with its call', async () => {
    await withConnection(async (connection) => {
      const wrong = Array.from({ length: 300 }, async () => {
        const uuid = randomUUID();
        const error = await connection
          .call(`look at ${uuid}`, 'domainState', [uuid])
          .catch((e: unknown) => e);
        expect(error).toBeInstanceOf(OzError);
        expect((error as OzError).message).toMatch(new RegExp(`^Cannot look at ${uuid}: `));
        expect(isGone(error)).toBe(true);
        expect(libvirtCode(error)).toBe(vir.error.noDomain);
      });
      const right = Array.from({ length: 300 }, () =>
        connection.call('look', 'domainByName', ['test']),
      );
      await Promise.all(wrong);
      for (const domain of await Promise.all(right)) expect(domain?.name).toBe('test');
      const broken = connection.call('start x', 'createDomain', ['<domain']);
      await expect(broken).rejects.toMatchObject({ code: 'OZ_LIBVIRT_FAILED' });
    });
  });

  it('rejects at once when aborted', async () => {
    await withConnection(async (connection) => {
      const signal = AbortSignal.abort(new Error('enough'));
      const call = connection.call('read', 'capabilities', [], { signal });
      await expect(call).rejects.toThrow('enough');
      await expect(connect('test:///default', signal)).rejects.toThrow('enough');
    });
  });

  it('finds the bridge as Oz does, and addresses on it', async () => {
    await withConnection(async (connection) => {
      expect(await findBridge(connection)).toEqual({ name: 'virbr0', network: 'default' });
      expect(await findBridge(connection, 'br7')).toEqual({ name: 'br7', network: undefined });
      const test = await connection.call('look', 'domainByName', ['test']);
      const uuid = test?.uuid ?? '';
      const bridge = { name: 'virbr0', network: 'default' };
      expect(await guestAddress(connection, bridge, uuid, 'aa:bb:cc:dd:ee:ff')).toBe(
        '192.168.122.3',
      );
      expect(await guestAddress(connection, bridge, uuid, '00:00:00:00:00:01')).toBeNull();
    });
  });

  it('gets all our documents past the schema', async () => {
    await withConnection(async (connection) => {
      for (const { name, spec, host } of cases) {
        const uuid = randomUUID();
        const xml = domainXml({ ...spec, uuid, name }, { ...host, type: 'test' });
        await connection.call(`start ${name}`, 'createDomain', [xml, true]);
        await connection.call(`end ${name}`, 'destroyDomain', [uuid]);
      }
      const invalid = domainXml(kernelSpec, { uri: 'test:///default', type: 'test' });
      const error = await connection
        .call('start', 'createDomain', [invalid.replaceAll('vcpu>', 'vcpus>'), true])
        .catch((e: unknown) => e);
      expect(libvirtCode(error)).toBe(vir.error.xmlInvalidSchema);
    });
  });

  it('says what is wrong with a place that is not there', async () => {
    const failure = async (uri: string) => (await connect(uri).catch((e: unknown) => e)) as OzError;
    const refused = await failure('qemu+tcp://user:secret@127.0.0.1:1/system');
    expect(refused.code).toBe('OZ_LIBVIRT_UNREACHABLE');
    expect(refused.message).toMatch(/^Cannot connect to qemu\+tcp:\/\/127\.0\.0\.1:1\/system: /);
    expect(refused.message).not.toContain('secret');
    expect(refused.hint).toBeTruthy();
    const socket = await failure('qemu:///system?socket=/nowhere/libvirt-sock');
    expect(socket.code).toBe('OZ_LIBVIRT_NO_DAEMON');
    expect(socket.hint).toContain('qemu:///session');
  });
});
