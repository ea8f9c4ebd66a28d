/** Key pairs: public keys that cloud-init puts into servers. */
import { wasRepeated } from '../http/failures.ts';
import { listAll, part, type ServiceClient } from './client.ts';
import { fields, text } from './fields.ts';
import type { Keypair, Nova } from './types.ts';

function readKeypair(entry: unknown): Keypair {
  const keypair = fields(fields(entry).keypair);
  return { name: text(keypair.name), fingerprint: text(keypair.fingerprint) };
}

export function createKeypairs(
  client: ServiceClient,
): Pick<Nova, 'keypair' | 'keypairs' | 'importKeypair' | 'deleteKeypair'> {
  const keypair: Nova['keypair'] = async (name, call) => {
    const { status, data } = await client.request({
      ...call,
      doing: `look at the key pair ${name}`,
      path: `/os-keypairs/${part(name)}`,
      accept: [404],
    });
    return status === 404 ? null : readKeypair(data);
  };

  return {
    keypair,
    keypairs: (call) =>
      listAll(
        client,
        { ...call, doing: 'list the key pairs', path: '/os-keypairs' },
        'keypairs',
        readKeypair,
      ),
    async importKeypair({ name, publicKey }, call) {
      const request = {
        ...call,
        method: 'POST',
        doing: `add the key pair ${name}`,
        path: '/os-keypairs',
        json: { keypair: { name, public_key: publicKey } },
        repeat: 'always',
        hearOut: true,
      } as const;
      try {
        const { data } = await client.request(request);
        return readKeypair(data);
      } catch (error) {
        // Names are unique: a repeated request meets what the first one made.
        const there = wasRepeated(error) ? await keypair(name, call) : null;
        if (there) return there;
        throw error;
      }
    },
    async deleteKeypair(name, call) {
      await client.request({
        ...call,
        method: 'DELETE',
        doing: `delete the key pair ${name}`,
        path: `/os-keypairs/${part(name)}`,
        accept: [404],
      });
    },
  };
}
