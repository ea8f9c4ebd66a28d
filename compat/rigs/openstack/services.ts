/** The services: how each is started, and how one sees that it works. */
import path from 'node:path';
import { barbicanEnv, configFile } from './configuration.ts';
import { answers, type Daemon, startDaemon, waitFor } from './daemons.ts';
import { host, type Layout, ports, url } from './layout.ts';

type Port = keyof typeof ports;

const uwsgi = (port: Port, program: string): string[] => [
  ...['/usr/bin/uwsgi_python3', '--plugin', 'python3', '--http-socket', `${host}:${ports[port]}`],
  ...['--wsgi-file', `/usr/bin/${program}`, '--master', '--lazy-apps', '--die-on-term'],
  ...['--no-orphans', '--enable-threads', '--thunder-lock', '--buffer-size', '65535'],
  ...['--rem-header', 'Content-Length', '--processes', '1', '--threads', '4'],
];

/** Loopback only, its helper daemons too. */
function rabbit(layout: Layout): Daemon {
  const { state } = layout;
  return {
    name: 'rabbitmq',
    user: 'rabbitmq',
    command: ['/usr/lib/rabbitmq/bin/rabbitmq-server'],
    env: {
      PATH: '/usr/lib/rabbitmq/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: state('rabbitmq'),
      RABBITMQ_NODENAME: 'rabbit@localhost',
      RABBITMQ_NODE_IP_ADDRESS: host,
      ERL_EPMD_ADDRESS: host,
      RABBITMQ_MNESIA_BASE: state('rabbitmq/mnesia'),
      RABBITMQ_CONFIG_FILE: configFile(layout, 'rabbitmq.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: configFile(layout, 'enabled_plugins'),
      RABBITMQ_LOGS: '-',
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
        '-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none',
    },
  };
}

/** All of them by name. */
export function daemons(layout: Layout): Record<string, Daemon> {
  const config = (name: string) => ['--config-file', configFile(layout, name)];
  const plain = (name: string, user: string, ...args: string[]): Daemon => ({
    name,
    user,
    command: [`/usr/bin/${name}`, ...args],
  });
  const nova = config('nova.conf');
  const cinder = config('cinder.conf');
  const neutron = config('neutron.conf');
  const list: Daemon[] = [
    rabbit(layout),
    {
      name: 'keystone',
      user: 'keystone',
      command: uwsgi('identity', 'keystone-wsgi-public'),
      env: { OS_KEYSTONE_CONFIG_FILES: configFile(layout, 'keystone.conf') },
    },
    plain('glance-api', 'glance', ...config('glance-api.conf')),
    {
      name: 'placement',
      user: 'placement',
      command: uwsgi('placement', 'placement-api'),
      env: { OS_PLACEMENT_CONFIG_DIR: path.join(layout.etc, 'placement') },
    },
    {
      name: 'barbican',
      user: 'barbican',
      command: uwsgi('secrets', 'barbican-wsgi-api'),
      env: barbicanEnv(layout),
    },
    plain('nova-conductor', 'nova', ...nova),
    plain('nova-api', 'nova', ...nova),
    plain('nova-scheduler', 'nova', ...nova),
    plain('nova-novncproxy', 'nova', ...nova, '--web', layout.state('nova/web')),
    // libvirtd asks polkit about any other user, and there is no D-Bus.
    plain('nova-compute', 'root', ...nova),
    plain('cinder-api', 'cinder', ...cinder),
    plain('cinder-scheduler', 'cinder', ...cinder),
    // As another user each of its commands goes through sudo and a Python program.
    plain('cinder-volume', 'root', ...cinder),
    plain('neutron-server', 'neutron', ...neutron, ...config('ml2.ini')),
    plain('neutron-linuxbridge-agent', 'neutron', ...neutron, ...config('ml2.ini')),
    plain('neutron-dhcp-agent', 'neutron', ...neutron, ...config('dhcp_agent.ini')),
    plain('neutron-l3-agent', 'neutron', ...neutron, ...config('l3_agent.ini')),
    plain('neutron-metadata-agent', 'neutron', ...neutron, ...config('metadata_agent.ini')),
  ];
  return Object.fromEntries(list.map((daemon) => [daemon.name, daemon]));
}

/** Where a service answers over HTTP. */
const httpPorts: Record<string, Port> = {
  keystone: 'identity',
  'glance-api': 'image',
  placement: 'placement',
  barbican: 'secrets',
  'nova-api': 'compute',
  'cinder-api': 'volume',
  'neutron-server': 'network',
};

export async function startService(layout: Layout, name: string): Promise<void> {
  const daemon = daemons(layout)[name];
  if (!daemon) throw new Error(`no service ${name}`);
  await startDaemon(layout, daemon);
}

/** Until the service answers. */
export async function awaitService(layout: Layout, name: string): Promise<void> {
  const port = httpPorts[name];
  if (port) await waitFor(layout, name, () => answers(url(port)));
}
