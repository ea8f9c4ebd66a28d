/** What a bare machine needs to know of the one it stands on: mirror, proxies, certificates. */
import { existsSync } from 'node:fs';
import { runTool } from '../../src/base/run-tool.ts';
import { aptMirror } from '../rigs/lib/apt-sources.ts';

export interface Host {
  /** The Debian mirror that debootstrap uses. */
  mirror: string;
  /** apt's settings that reaching it takes. */
  aptSettings: string;
  /** For everybody in the box. */
  environment: Record<string, string>;
  /** The certificates that this machine trusts. */
  certificates: string | undefined;
}

const certificates = '/etc/ssl/certs/ca-certificates.crt';

/** How a mirror is reached, and how old its lists may be; nothing that changes what is installed. */
const aptSetting = /^Acquire::(?:(?:http|https|ftp)::|Check-(?:Valid-Until|Date)\b|Retries\b)/;

/** The lines of `apt-config dump` that a box needs as well. */
export function neededAptSettings(dump: string): string {
  const lines = dump.split('\n').filter((line) => aptSetting.test(line) && !line.endsWith(' "";'));
  return lines.map((line) => `${line}\n`).join('');
}

const proxies = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((n) => [n, n.toUpperCase()]);

/** Proxies, the registry and the certificates of this process' environment. */
export function boxEnvironment(env: NodeJS.ProcessEnv, registry: string): Record<string, string> {
  const given = proxies.flatMap((name) => (env[name] ? [[name, env[name]]] : []));
  return {
    ...Object.fromEntries(given),
    npm_config_registry: registry,
    ...(env.CI ? { CI: env.CI } : {}),
    ...(env.NODE_EXTRA_CA_CERTS ? { NODE_EXTRA_CA_CERTS: certificates } : {}),
  };
}

/** Reads this machine's configuration. Throws OZ_RIG_MIRROR where apt names no Debian mirror. */
export async function readHost(mirror: string | undefined, signal: AbortSignal): Promise<Host> {
  const apt = await runTool('apt-config', ['dump', 'Acquire'], { signal });
  const npm = await runTool('npm', ['config', 'get', 'registry'], { signal });
  return {
    mirror: (mirror ?? aptMirror()).replace(/\/+$/, ''),
    aptSettings: neededAptSettings(apt.stdout.toString()),
    environment: boxEnvironment(process.env, npm.stdout.toString().trim()),
    certificates: existsSync(certificates) ? certificates : undefined,
  };
}
