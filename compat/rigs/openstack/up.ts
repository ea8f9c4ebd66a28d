/** Brings the cloud up; what runs or is there already stays as it is. */
import { existsSync } from 'node:fs';
import { chmod, chown, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OzError } from '../../../src/base/errors.ts';
import { runTool } from '../../../src/base/run-tool.ts';
import { writeConfiguration } from './configuration.ts';
import { fillCompute, fillIdentity, fillNetwork } from './content.ts';
import { asUser, cleanEnv, runningPid, userIds, waitFor } from './daemons.ts';
import { makeSchemas, sql, startDatabase } from './database.ts';
import { connectHost } from './host-network.ts';
import {
  cloudsFile,
  host,
  type Layout,
  password,
  poorRegions,
  ports,
  region,
  url,
} from './layout.ts';
import { startLibvirt } from './libvirt.ts';
import { awaitService, startService } from './services.ts';

type Say = (text: string) => void;

const users = [
  'mysql',
  'rabbitmq',
  'keystone',
  'glance',
  'placement',
  'nova',
  'cinder',
  'neutron',
  'barbican',
  'tss',
];

async function checkMachine(layout: Layout): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new OzError('OZ_RIG_ROOT', 'Cannot start the cloud: its services need root');
  }
  for (const user of users) {
    const { exitCode } = await runTool('id', [user], { okCodes: [0, 1] });
    if (exitCode !== 0) {
      throw new OzError('OZ_RIG_PACKAGES', `Cannot start the cloud: there is no user ${user}`, {
        hint: 'node compat/setup/setup.js openstack',
      });
    }
  }
  const needed = Object.values(ports).filter((port) => port !== ports.console);
  const free = await Promise.all(needed.map(isFree));
  if (runningPid(layout, 'mariadb') === null && !free.every(Boolean)) {
    const taken = needed.filter((_port, at) => !free[at]).join(', ');
    throw new OzError('OZ_RIG_PORT', `Cannot start the cloud: in use already: port ${taken}`, {
      hint: 'another cloud, database or message queue may run here: stop it',
    });
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const end = (free: boolean) => {
      socket.destroy();
      resolve(free);
    };
    socket.once('connect', () => end(false));
    socket.once('error', () => end(true));
  });
}

/** Directories and whose they are. */
const directories: Record<string, string> = {
  rabbitmq: 'rabbitmq',
  keystone: 'keystone',
  glance: 'glance',
  'glance/images': 'glance',
  'glance/lock': 'glance',
  'glance/staging': 'glance',
  nova: 'nova',
  'nova/lock': 'nova',
  'nova/mnt': 'nova',
  'nova/web': 'nova',
  'nova/instances': 'nova',
  cinder: 'cinder',
  'cinder/mnt': 'cinder',
  'cinder/lock': 'cinder',
  'cinder/conversion': 'cinder',
  'cinder/volumes': 'cinder',
  'cinder/export': 'cinder',
  neutron: 'neutron',
  'neutron/lock': 'neutron',
};

async function makeDirectories(layout: Layout): Promise<void> {
  for (const name of [layout.etc, layout.log, layout.run]) {
    await mkdir(name, { recursive: true, mode: 0o755 });
  }
  for (const [name, user] of Object.entries(directories)) {
    const at = layout.state(name);
    const { uid, gid } = await userIds(user);
    await mkdir(at, { recursive: true, mode: 0o755 });
    await chown(at, uid, gid);
  }
  // Guests' processes, which are another user's, write there.
  await chmod(layout.state('cinder/export'), 0o777);
}

const nfsHelper = '/sbin/mount.nfs';

async function installNfsHelper(): Promise<void> {
  if (existsSync(nfsHelper)) return;
  await copyFile(path.join(import.meta.dirname, 'mount.nfs'), nfsHelper);
  await chmod(nfsHelper, 0o755);
}

/** Nova finds the compute node in the cell before the first server can be made. */
async function awaitCompute(layout: Layout): Promise<void> {
  const has = async (table: string, condition = 'TRUE') =>
    (await sql(layout, `SELECT 1 FROM ${table} WHERE ${condition} LIMIT 1`)) !== '';
  await waitFor(layout, 'nova-compute', () => has('nova.compute_nodes', 'deleted = 0'));
  if (await has('nova_api.host_mappings')) return;
  const [program = '', ...args] = asUser('nova', [
    ...['nova-manage', '--config-file', path.join(layout.etc, 'nova.conf')],
    ...['cell_v2', 'discover_hosts'],
  ]);
  await runTool(program, args, { cwd: '/', env: cleanEnv() });
}

async function awaitDhcp(layout: Layout): Promise<void> {
  const query = `SELECT 1 FROM neutron.ports
    WHERE device_owner = 'network:dhcp' AND status = 'ACTIVE' LIMIT 1`;
  await waitFor(layout, 'neutron-dhcp-agent', async () => (await sql(layout, query)) !== '');
}

/** clouds.yaml: as member and as administrator, and as member in the poor regions. */
function cloudsText(): string {
  const entry = (cloud: string, user: string, regionName: string) => `  ${cloud}:
    region_name: ${regionName}
    identity_api_version: 3
    auth:
      auth_url: ${url('identity')}/v3
      username: ${user}
      password: ${password}
      project_name: ${user}
      user_domain_name: Default
      project_domain_name: Default
`;
  const poor = Object.keys(poorRegions).map((name) => entry(name.toLowerCase(), 'demo', name));
  return `clouds:\n${entry('demo', 'demo', region)}${entry('admin', 'admin', region)}${poor.join('')}`;
}

const openrc = (user: string) => `export OS_AUTH_URL=${url('identity')}/v3
export OS_IDENTITY_API_VERSION=3
export OS_REGION_NAME=${region}
export OS_USERNAME=${user}
export OS_PASSWORD=${password}
export OS_PROJECT_NAME=${user}
export OS_USER_DOMAIN_NAME=Default
export OS_PROJECT_DOMAIN_NAME=Default
export no_proxy=127.0.0.1,localhost
`;

async function writeCredentials(layout: Layout): Promise<void> {
  await writeFile(cloudsFile(layout), cloudsText());
  for (const user of ['demo', 'admin']) {
    await writeFile(path.join(layout.root, `${user}-openrc`), openrc(user));
  }
}

/** Some 100 s the first time, 65 s with its data there, 2 s when it runs. */
export async function bringUp(layout: Layout, say: Say): Promise<void> {
  await checkMachine(layout);
  await makeDirectories(layout);
  await writeConfiguration(layout);
  const start = (name: string) => startService(layout, name);
  const wait = (name: string) => awaitService(layout, name);

  await Promise.all([start('rabbitmq'), startDatabase(layout), startLibvirt(), installNfsHelper()]);
  say('database and libvirt are up');
  await makeSchemas(layout, async (name) => {
    say(`${name}: schema is there`);
    if (name !== 'keystone') return;
    await start('keystone');
    await wait('keystone');
    await fillIdentity();
    say('accounts and endpoints are there');
  });
  await connectHost();
  const first = ['glance-api', 'placement', 'nova-conductor', 'nova-scheduler', 'nova-api'];
  const second = ['barbican', 'neutron-server', 'cinder-volume', 'cinder-scheduler', 'cinder-api'];
  // As many at a time as there are processors to load Python programs.
  for (const name of first) await start(name);
  for (const name of first) await wait(name);
  say('Glance, Placement and Nova answer');
  for (const name of second) await start(name);
  for (const name of second) await wait(name);
  say('Barbican, Cinder and Neutron answer');
  // A message that nobody takes costs an agent a minute: only once the server listens.
  await sleep(2000);
  for (const agent of ['linuxbridge', 'dhcp', 'metadata', 'l3'])
    await start(`neutron-${agent}-agent`);
  // The last one: it finishes interrupted deletions at once, for which all others must answer.
  await start('nova-compute');
  await start('nova-novncproxy');
  await Promise.all([fillNetwork(), fillCompute(), awaitCompute(layout)]);
  await writeCredentials(layout);
  await awaitDhcp(layout);
  say('up');
}
