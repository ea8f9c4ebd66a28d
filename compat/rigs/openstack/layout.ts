/** Where the cloud of the tests keeps its files, and how it is reached. */
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { rigDirectory } from '../lib/files.ts';

export interface Layout {
  root: string;
  etc: string;
  log: string;
  run: string;
  /** Socket of the database: a path that stays short, whatever the root is. */
  socket: string;
  /** State of one service. */
  state(service: string): string;
}

export const password = 'secret';
export const region = 'RegionOne';
/** Regions whose catalogue lacks services, for clouds that do. */
export const poorRegions: Record<string, readonly string[]> = {
  NoVolumes: ['identity', 'image', 'compute', 'placement', 'network'],
  Bare: ['identity', 'image', 'compute', 'placement'],
};

export const host = '127.0.0.1';
export const ports = {
  database: 3306,
  queue: 5672,
  identity: 5000,
  image: 9292,
  placement: 8778,
  compute: 8774,
  metadata: 8775,
  volume: 8776,
  network: 9696,
  secrets: 9311,
  console: 6080,
} as const;

export const url = (service: keyof typeof ports) => `http://${host}:${ports[service]}`;

export interface FlatNetwork {
  name: string;
  subnet: string;
  first: string;
  last: string;
  /** This machine's end, by which servers reach it and the outside. */
  gateway: string;
  /** Neutron's name for the cable. */
  physical: string;
  hostInterface: string;
  bridgedInterface: string;
}

/** The network that servers and this machine share. */
export const network: FlatNetwork = {
  name: 'net',
  subnet: '172.24.4.0/24',
  first: '172.24.4.10',
  last: '172.24.4.200',
  gateway: '172.24.4.1',
  physical: 'physnet1',
  hostInterface: 'os-gw',
  bridgedInterface: 'os-phys',
};

/** Outside: no server is on it, routers of projects are, and floating IPs come from it. */
export const publicNetwork: FlatNetwork = {
  name: 'public',
  subnet: '172.24.5.0/24',
  first: '172.24.5.10',
  last: '172.24.5.200',
  gateway: '172.24.5.1',
  physical: 'physnet2',
  hostInterface: 'os-pub-gw',
  bridgedInterface: 'os-pub-phys',
};

/** Services run as users of their own, who must get to their files. */
function isOpenToAll(directory: string): boolean {
  for (let at = directory; ; at = path.dirname(at)) {
    const found = statSync(at, { throwIfNoEntry: false });
    if (found && (found.mode & 0o001) === 0) return false;
    if (at === '/') return true;
  }
}

/** Below the rigs' directory, or below /var/lib where others can't get into that. */
function rootDirectory(): string {
  const named = process.env.OZMA_OPENSTACK_DIR;
  if (named) return path.resolve(named);
  const preferred = path.join(rigDirectory(), 'openstack');
  return isOpenToAll(preferred) ? preferred : '/var/lib/ozma-openstack';
}

export function openStackLayout(root = rootDirectory()): Layout {
  mkdirSync(root, { recursive: true, mode: 0o755 });
  const at = (...parts: string[]) => path.join(root, ...parts);
  return {
    root,
    etc: at('etc'),
    log: at('log'),
    run: at('run'),
    socket: '/run/ozma-openstack/mysqld.sock',
    state: (service) => at('state', service),
  };
}

/** Configuration for clients: clouds `demo`, `admin` and those of the poor regions. */
export const cloudsFile = ({ root }: Layout) => path.join(root, 'clouds.yaml');
