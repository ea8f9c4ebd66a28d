/** This machine's side of the cloud's networks: cable pairs, forwarding, address translation. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { runTool } from '../../../src/base/run-tool.ts';
import { type FlatNetwork, network, publicNetwork } from './layout.ts';

const networks = [network, publicNetwork];

async function works(tool: string, args: readonly string[]): Promise<boolean> {
  const { exitCode } = await runTool(tool, args, { okCodes: [0, 1, 2, 3, 4, 255] });
  return exitCode === 0;
}

/** The kernel may know one of the two kinds only. */
const iptables = async () =>
  (await works('iptables', ['-t', 'nat', '-S'])) ? 'iptables' : 'iptables-legacy';

/** Tables and the rules in them. */
const rulesFor = ({ subnet, hostInterface }: FlatNetwork): [string[], string[]][] => [
  [
    ['-t', 'nat'],
    ['POSTROUTING', '-s', subnet, '!', '-d', subnet, '-j', 'MASQUERADE'],
  ],
  [[], ['FORWARD', '-i', hostInterface, '-j', 'ACCEPT']],
  [[], ['FORWARD', '-o', hostInterface, '-j', 'ACCEPT']],
];

async function connect({ gateway, hostInterface, bridgedInterface }: FlatNetwork): Promise<void> {
  const link = (...args: string[]) => runTool('ip', ['link', ...args]);
  if (!(await works('ip', ['link', 'show', hostInterface]))) {
    await link('add', hostInterface, 'type', 'veth', 'peer', 'name', bridgedInterface);
  }
  await runTool('ip', ['addr', 'replace', `${gateway}/24`, 'dev', hostInterface]);
  await link('set', bridgedInterface, 'up');
  await link('set', hostInterface, 'up');
}

export async function connectHost(): Promise<void> {
  for (const each of networks) await connect(each);
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
  // What goes through the bridge is no business of this machine's packet filter.
  const bridged = '/proc/sys/net/bridge/bridge-nf-call-iptables';
  if (existsSync(bridged)) await writeFile(bridged, '0');
  const tool = await iptables();
  for (const [table, rule] of networks.flatMap(rulesFor)) {
    if (!(await works(tool, [...table, '-C', ...rule]))) {
      await runTool(tool, [...table, '-I', ...rule]);
    }
  }
}

/** Interfaces that Neutron's agents make. */
async function neutronInterfaces(): Promise<string[]> {
  const table = await readFile('/proc/net/dev', 'utf8');
  return [...table.matchAll(/^\s*((?:brq|tap)[^:\s]+):/gm)].map((line) => line[1] ?? '');
}

/** Takes away all of it, and what Neutron made beside it. */
export async function disconnectHost(): Promise<void> {
  const spaces = (await runTool('ip', ['netns', 'list'])).stdout.toString('utf8');
  for (const [name] of spaces.matchAll(/^q(?:dhcp|router)-\S+/gm)) {
    await runTool('ip', ['netns', 'del', name]);
  }
  for (const name of await neutronInterfaces()) await works('ip', ['link', 'del', name]);
  for (const { hostInterface } of networks) await works('ip', ['link', 'del', hostInterface]);
  const tool = await iptables();
  for (const [table, rule] of networks.flatMap(rulesFor)) {
    await works(tool, [...table, '-D', ...rule]);
  }
}
