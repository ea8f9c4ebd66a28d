/** Requests to the cloud as a user of it: just enough for the rig and the tests' own looks. */
import { OzError } from '../../../src/base/errors.ts';
import { password, url } from './layout.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are read by the tests that know them
type Json = any;

export interface CloudApi {
  token: string;
  userId: string;
  projectId: string;
  /** The answer's body; null: there is none. Throws for anything but 2xx. */
  send(method: string, address: string, body?: unknown, headers?: object): Promise<Json>;
}

async function request(method: string, address: string, body: unknown, headers: object) {
  const response = await fetch(address, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new OzError(
      'OZ_RIG_CLOUD',
      `Cannot ${method} ${address}: HTTP ${response.status} ${text.slice(0, 500)}`,
    );
  }
  return { response, json: text ? JSON.parse(text) : null };
}

/** Signs in; the project is named like the user unless told. */
export async function signIn(user: string, project = user): Promise<CloudApi> {
  const domain = { id: 'default' };
  const auth = {
    identity: { methods: ['password'], password: { user: { name: user, domain, password } } },
    scope: { project: { name: project, domain } },
  };
  const { response, json } = await request(
    'POST',
    `${url('identity')}/v3/auth/tokens`,
    { auth },
    {},
  );
  const token = response.headers.get('x-subject-token') ?? '';
  return {
    token,
    userId: json.token.user.id,
    projectId: json.token.project.id,
    async send(method, address, body, headers = {}) {
      const all = { 'x-auth-token': token, ...headers };
      return (await request(method, address, body, all)).json;
    },
  };
}
