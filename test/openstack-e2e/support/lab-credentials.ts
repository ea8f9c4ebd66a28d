/** Credentials of the real cloud that these tests run against, from its openrc files. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Credentials, readCredentials } from '../../../backends/openstack/auth/credentials.ts';
import { openStackLayout } from '../../../compat/rigs/openstack/layout.ts';

const root = openStackLayout().root;

/** `export OS_X=value` lines as variables. */
export function readOpenrc(user: 'demo' | 'admin'): Record<string, string> {
  const text = readFileSync(path.join(root, `${user}-openrc`), 'utf8');
  const lines = text.matchAll(/(?:export )?(OS_\w+)=["']?([^"'\s]*)["']?/g);
  return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]));
}

/** `changes` are OS_* variables without their begin, in lower case; an empty one is taken away. */
export function labCredentials(
  user: 'demo' | 'admin',
  changes: Record<string, string> = {},
): Credentials {
  const env = readOpenrc(user);
  for (const [key, value] of Object.entries(changes)) {
    env[`OS_${key.toUpperCase()}`] = value;
  }
  return readCredentials({ env, cwd: '/', home: '/nonexistent' });
}
