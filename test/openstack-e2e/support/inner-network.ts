/** A network that nobody outside is on: behind a router, as projects of public clouds have it. */
import { publicNetwork, url } from '../../../compat/rigs/openstack/layout.ts';
import type { Project } from './project.ts';

const neutron = `${url('network')}/v2.0`;

export interface InnerNetwork {
  name: string;
  remove(): Promise<void>;
}

/** Made by the project's member, with the rights that they have in any cloud. */
export async function makeInnerNetwork({ api }: Project): Promise<InnerNetwork> {
  const make = async (kind: string, body: object): Promise<string> =>
    (await api.send('POST', `${neutron}/${kind}s`, { [kind]: body }))[kind].id;
  const name = 'inner';
  const outside = (await api.send('GET', `${neutron}/networks?name=${publicNetwork.name}`))
    .networks[0].id;
  const network = await make('network', { name });
  const subnet = await make('subnet', {
    network_id: network,
    ip_version: 4,
    cidr: '10.77.0.0/24',
    dns_nameservers: [publicNetwork.gateway],
  });
  const router = await make('router', { external_gateway_info: { network_id: outside } });
  await api.send('PUT', `${neutron}/routers/${router}/add_router_interface`, { subnet_id: subnet });
  return {
    name,
    async remove() {
      await api.send('PUT', `${neutron}/routers/${router}/remove_router_interface`, {
        subnet_id: subnet,
      });
      await api.send('DELETE', `${neutron}/routers/${router}`);
      await api.send('DELETE', `${neutron}/networks/${network}`);
    },
  };
}
