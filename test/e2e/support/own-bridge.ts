/**
 * A bridge of the host's own whose DHCP server sits elsewhere (a network
 * namespace), so that this machine does not know which guest has which address.
 */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { runTool } from '../../../src/base/run-tool.ts';

export interface OwnBridge {
  name: string;
  /** This machine's address on it. */
  address: string;
  remove(): Promise<void>;
}

const ip = (...args: string[]) => runTool('ip', args);

export async function makeOwnBridge(): Promise<OwnBridge> {
  const [bridge, space, here, there] = ['ozma-br0', 'ozma-dhcp', 'ozma-v0', 'ozma-v1'];
  const net = '172.31.253';
  await ip('link', 'add', bridge, 'type', 'bridge');
  await ip('addr', 'add', `${net}.1/24`, 'dev', bridge);
  await ip('link', 'set', bridge, 'up');
  await ip('netns', 'add', space);
  await ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there);
  await ip('link', 'set', here, 'master', bridge, 'up');
  await ip('link', 'set', there, 'netns', space);
  await ip('-n', space, 'addr', 'add', `${net}.2/24`, 'dev', there);
  await ip('-n', space, 'link', 'set', there, 'up');
  const server = spawn(
    'ip',
    [
      ...['netns', 'exec', space, 'dnsmasq', '--no-daemon', '--conf-file=/dev/null', '--port=0'],
      ...[`--interface=${there}`, '--bind-interfaces', '--leasefile-ro', '--dhcp-authoritative'],
      // Guests ask the gateway for its hardware address, not us.
      ...[`--dhcp-range=${net}.50,${net}.90,12h`, `--dhcp-option=option:router,${net}.2`],
    ],
    { stdio: 'ignore' },
  );
  const gone = new Promise<void>((resolve) => server.once('close', () => resolve()));
  await sleep(500);
  return {
    name: bridge,
    address: `${net}.1`,
    async remove() {
      server.kill();
      await gone;
      await ip('netns', 'del', space);
      await ip('link', 'del', bridge);
    },
  };
}
