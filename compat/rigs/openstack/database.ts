/** The database server: its files, its accounts, and the services' schemas. */
import { existsSync } from 'node:fs';
import { appendFile, chown, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, OzError } from '../../../src/base/errors.ts';
import { runTool } from '../../../src/base/run-tool.ts';
import { barbicanEnv, configFile } from './configuration.ts';
import { asUser, cleanEnv, lastLines, logFile, startDaemon, userIds, waitFor } from './daemons.ts';
import { host, type Layout, password, region, url } from './layout.ts';

export async function sql(layout: Layout, statement: string): Promise<string> {
  const { stdout } = await runTool('mariadb', [
    ...['--no-defaults', '-u', 'root', '-S', layout.socket, '-N', '-e', statement],
  ]);
  return stdout.toString('utf8').trim();
}

/** Databases and the service that each belongs to. */
const databases: Record<string, string> = {
  barbican: 'barbican',
  keystone: 'keystone',
  glance: 'glance',
  placement: 'placement',
  nova_api: 'nova',
  nova: 'nova',
  nova_cell0: 'nova',
  cinder: 'cinder',
  neutron: 'neutron',
};

export async function startDatabase(layout: Layout): Promise<void> {
  const data = layout.state('mysql');
  const { uid, gid } = await userIds('mysql');
  const socketDirectory = path.dirname(layout.socket);
  for (const directory of [data, socketDirectory]) {
    await mkdir(directory, { recursive: true });
    await chown(directory, uid, gid);
  }
  if (!existsSync(path.join(data, 'mysql'))) {
    await runTool('mariadb-install-db', [
      ...['--no-defaults', '--user=mysql', `--datadir=${data}`, '--skip-test-db'],
    ]);
  }
  const command = ['/usr/sbin/mariadbd', `--defaults-file=${configFile(layout, 'mariadb.cnf')}`];
  await startDaemon(layout, { name: 'mariadb', user: 'root', command });
  await waitFor(layout, 'mariadb', () =>
    sql(layout, 'SELECT 1').then(
      () => true,
      () => false,
    ),
  );
  const statements = Object.entries(databases).map(
    ([name, user]) =>
      `CREATE DATABASE IF NOT EXISTS ${name} CHARACTER SET utf8mb3;
       CREATE USER IF NOT EXISTS '${user}'@'${host}' IDENTIFIED BY '${password}';
       GRANT ALL ON ${name}.* TO '${user}'@'${host}';`,
  );
  await sql(layout, statements.join('\n'));
}

interface Migration {
  name: string;
  user: string;
  commands: readonly (readonly string[])[];
  env?: Record<string, string>;
}

const keystone = (layout: Layout): Migration => {
  const manage = ['keystone-manage', '--config-file', configFile(layout, 'keystone.conf')];
  const keys = ['--keystone-user', 'keystone', '--keystone-group', 'keystone'];
  const identity = `${url('identity')}/v3/`;
  return {
    name: 'keystone',
    user: 'keystone',
    commands: [
      [...manage, 'db_sync'],
      [...manage, 'fernet_setup', ...keys],
      [...manage, 'credential_setup', ...keys],
      [
        ...[...manage, 'bootstrap', '--bootstrap-password', password],
        ...['--bootstrap-public-url', identity, '--bootstrap-internal-url', identity],
        ...['--bootstrap-admin-url', identity, '--bootstrap-region-id', region],
      ],
    ],
  };
};

const nova = (layout: Layout): Migration => {
  const manage = ['nova-manage', '--config-file', configFile(layout, 'nova.conf')];
  return {
    name: 'nova',
    user: 'nova',
    commands: [
      [...manage, 'api_db', 'sync'],
      [...manage, 'cell_v2', 'map_cell0'],
      [...manage, 'db', 'sync'],
      [...manage, 'cell_v2', 'create_cell', '--name', 'cell1'],
    ],
  };
};

const one = (name: string, command: readonly string[]): Migration => ({
  name,
  user: name,
  commands: [command],
});

/** Two rows of work, for two processors; Nova's alone is as long as all others. */
function rows(layout: Layout): Migration[][] {
  const config = (name: string) => ['--config-file', configFile(layout, name)];
  return [
    [nova(layout)],
    [
      keystone(layout),
      one('placement', ['placement-manage', ...config('placement/placement.conf'), 'db', 'sync']),
      one('glance', ['glance-manage', ...config('glance-api.conf'), 'db_sync']),
      { ...one('barbican', ['barbican-manage', 'db', 'upgrade']), env: barbicanEnv(layout) },
      one('cinder', ['cinder-manage', ...config('cinder.conf'), 'db', 'sync']),
      one('neutron', [
        ...['neutron-db-manage', ...config('neutron.conf'), ...config('ml2.ini')],
        ...['upgrade', 'heads'],
      ]),
    ],
  ];
}

const doneFile = ({ state }: Layout, name: string) => path.join(state('schemas'), name);

async function migrate(layout: Layout, migration: Migration): Promise<void> {
  const { name, user, commands, env } = migration;
  if (existsSync(doneFile(layout, name))) return;
  const log = `${name}-schema`;
  for (const command of commands) {
    const [program = '', ...args] = asUser(user, command);
    const keep = (chunk: Buffer) => void appendFile(logFile(layout, log), chunk);
    try {
      // `env -i`, since runTool hands on the caller's environment.
      const variables = Object.entries(cleanEnv(env)).map(([key, value]) => `${key}=${value}`);
      await runTool('env', ['-i', ...variables, program, ...args], {
        cwd: '/',
        onStdout: keep,
        onStderr: keep,
      });
    } catch (cause) {
      throw new OzError(
        'OZ_RIG_SCHEMA',
        `Cannot make ${name}'s database: ${messageOf(cause)}\n${await lastLines(layout, log)}`,
        { cause },
      );
    }
  }
  await writeFile(doneFile(layout, name), '');
}

/** Makes the schemas that are not there yet; `keystoneMade` is called as soon as that one is. */
export async function makeSchemas(
  layout: Layout,
  made: (name: string) => Promise<void>,
): Promise<void> {
  await mkdir(layout.state('schemas'), { recursive: true });
  const work = rows(layout).map(async (row) => {
    for (const migration of row) {
      await migrate(layout, migration);
      await made(migration.name);
    }
  });
  // All of them, so that none still writes when a failure is told.
  const failed = (await Promise.allSettled(work)).find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}
