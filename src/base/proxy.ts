/** Proxies from the environment: http_proxy, https_proxy, all_proxy, no_proxy. */
import { Agent, type ClientRequest } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { HttpProxyAgent, HttpsProxyAgent } from 'hpagent';
import { getProxyForUrl } from 'proxy-from-env';
import { OzError } from './errors.ts';
import { withoutCredentials } from './secrets.ts';

interface Agents {
  http?: Agent;
  https?: HttpsProxyAgent;
}

const variable = (name: string): string =>
  process.env[name.toLowerCase()] || process.env[name.toUpperCase()] || '';

/** `10.0.0.0/8` for an address. */
function isInRange(host: string, range: string): boolean {
  const [base = '', length = ''] = range.split('/');
  const version = isIP(host);
  if (version === 0 || isIP(base) !== version || !/^\d{1,3}$/.test(length)) return false;
  if (Number(length) > (version === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(length), `ipv${version as 4 | 6}`);
  return list.check(host, `ipv${version as 4 | 6}`);
}

/** What curl and Python's requests take in no_proxy, too: ranges, and domains without their dot. */
function isExcepted({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return variable('no_proxy')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => isInRange(host, entry) || (isIP(host) === 0 && host.endsWith(`.${entry}`)));
}

/** The proxy for this URL, or null: it is to be reached directly. */
function proxyOf(url: URL): URL | null {
  const found = isExcepted(url) ? '' : getProxyForUrl(url.href);
  if (!found) return null;
  const named = variable(`${url.protocol}_proxy`.replace(':', '')) || variable('all_proxy');
  // Without a scheme it is http, whatever is asked for through it.
  const proxy = named.includes('://') ? found : `http://${named}`;
  if (/^https?:\/\//i.test(proxy) && URL.canParse(proxy)) return new URL(proxy);
  throw new OzError('OZ_DOWNLOAD_PROXY', `Cannot use the proxy ${withoutCredentials(proxy)}`, {
    hint: 'the proxy variables must name an http:// or https:// proxy',
  });
}

type Requesting = Agent & { addRequest(request: ClientRequest, options: object): void };

function loginOf({ username, password }: URL): string | null {
  if (!username && !password) return null;
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

/** Asks the proxy for the whole URL: most let nobody have a tunnel to a port other than 443. */
function forwarding(proxy: URL, origin: string): Agent {
  const agent = new Agent() as Requesting;
  const { addRequest } = agent;
  const login = loginOf(proxy);
  const at = { host: proxy.hostname.replace(/^\[|\]$/g, ''), port: Number(proxy.port || 80) };
  agent.addRequest = (request, options) => {
    request.path = `${origin}${request.path}`;
    if (login) request.setHeader('proxy-authorization', login);
    addRequest.call(agent, request, { ...options, ...at });
  };
  return agent;
}

/** As proxyAgents(), for what speaks more than HTTP, or with a client of its own. */
export function tunnelAgents(url: URL): Agents {
  const proxy = proxyOf(url);
  if (!proxy) return {};
  return url.protocol === 'https:'
    ? { https: new HttpsProxyAgent({ proxy: proxy.href }) }
    : { http: new HttpProxyAgent({ proxy: proxy.href }) };
}

/** The agents for this URL, none where it is to be reached directly. */
export function proxyAgents(url: URL): Agents {
  const proxy = proxyOf(url);
  return proxy?.protocol === 'http:' && url.protocol === 'http:'
    ? { http: forwarding(proxy, url.origin) }
    : tunnelAgents(url);
}
