/** Keystone without the clients: makes the users, credentials and tokens that tests of signing in need. */
import { readOpenrc } from './lab-credentials.ts';

export interface RawKeystone {
  /** Secret. */
  token: string;
  userId: string;
  send(method: string, path: string, json?: unknown): Promise<Record<string, unknown>>;
}

export async function rawKeystone(user: 'demo' | 'admin'): Promise<RawKeystone> {
  const env = readOpenrc(user);
  const base = env.OS_AUTH_URL ?? '';
  const domain = { id: 'default' };
  const answer = await fetch(`${base}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: env.OS_USERNAME, domain, password: env.OS_PASSWORD } },
        },
        scope: { project: { name: env.OS_PROJECT_NAME, domain } },
      },
    }),
  });
  if (!answer.ok) throw new Error(`Keystone answers ${answer.status}`);
  const token = answer.headers.get('x-subject-token') ?? '';
  const body = (await answer.json()) as { token: { user: { id: string } } };
  return {
    token,
    userId: body.token.user.id,
    async send(method, path, json) {
      const reply = await fetch(`${base}${path}`, {
        method,
        headers: {
          'x-auth-token': token,
          'x-subject-token': token,
          'content-type': 'application/json',
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      });
      if (!reply.ok) throw new Error(`Keystone answers ${reply.status} to ${method} ${path}`);
      const text = await reply.text();
      return text ? (JSON.parse(text) as Record<string, unknown>) : {};
    },
  };
}
