/** Proxies from the environment: http_proxy, https_proxy, all_proxy, no_proxy. */
import { HttpProxyAgent, HttpsProxyAgent } from 'hpagent';
import { getProxyForUrl } from 'proxy-from-env';
import { OzError } from './errors.ts';
import { withoutCredentials } from './secrets.ts';

interface Agents {
  http?: HttpProxyAgent;
  https?: HttpsProxyAgent;
}

/** The agents for this URL, none where it is to be reached directly. */
export function proxyAgents(url: URL): Agents {
  const proxy = getProxyForUrl(url.href);
  if (!proxy) return {};
  if (!/^https?:\/\//i.test(proxy)) {
    throw new OzError('OZ_DOWNLOAD_PROXY', `Cannot use the proxy ${withoutCredentials(proxy)}`, {
      hint: 'the proxy variables must name an http:// or https:// proxy',
    });
  }
  return url.protocol === 'https:'
    ? { https: new HttpsProxyAgent({ proxy }) }
    : { http: new HttpProxyAgent({ proxy }) };
}
