/** The one place that words what goes wrong with a cloud. */
import { OzError } from '../../../src/base/errors.ts';
import { isTrustFailure, networkWhy } from '../../../src/base/network-failures.ts';
import type { Fault } from './fault.ts';

/** The services as users know them. */
export type Service = 'Keystone' | 'Glance' | 'Nova' | 'Cinder' | 'Neutron';

export interface FaultDetails {
  service: Service;
  /** HTTP status; 0: there was none. */
  status: number;
  /** An earlier attempt may have succeeded already. */
  repeated: boolean;
  /** The service's own words. */
  message: string;
}

const details = new WeakMap<OzError, FaultDetails>();

/** What a service answered, for an error of this room. */
export function faultDetails(error: unknown): FaultDetails | undefined {
  return error instanceof OzError ? details.get(error) : undefined;
}

function withDetails(error: OzError, of: FaultDetails): OzError {
  details.set(error, of);
  return error;
}

interface Wording {
  code: string;
  words: string;
  hint: string;
}

const quotaWords =
  /quota|over.?limit|exceed\w* (the )?(allowed|maximum)|maximum number of|is over a limit|size.{0,40}exceed/i;

function isQuota(status: number, fault: Fault): boolean {
  if (status === 413) return true;
  if (fault.type === 'OverQuota') return true;
  return (status === 400 || status === 403 || status === 409) && quotaWords.test(fault.message);
}

const byStatus: Record<number, Wording> = {
  401: {
    code: 'OZ_CLOUD_AUTH',
    words: 'the session is not accepted',
    hint: 'the token may be revoked or of another cloud: check the credentials',
  },
  403: {
    code: 'OZ_CLOUD_POLICY',
    words: 'the cloud does not allow it to this user',
    hint: "ask the cloud's administrator for the role, or use a project in which you are a member",
  },
  404: {
    code: 'OZ_CLOUD_GONE',
    words: 'there is no such thing',
    hint: 'it may have been removed meanwhile, or belong to another project or region',
  },
  409: {
    code: 'OZ_CLOUD_BUSY',
    words: 'it is not possible in the present state',
    hint: 'something else may be working on it: try again a little later',
  },
};

const quota: Wording = {
  code: 'OZ_CLOUD_QUOTA',
  words: 'a quota or size limit of the cloud is reached',
  hint: 'remove what is no longer needed, or ask for a larger quota (openstack quota show)',
};

const refused: Wording = {
  code: 'OZ_CLOUD_REFUSED',
  words: 'the request is not accepted',
  hint: 'the reason is in the words of the service',
};

const failing: Wording = {
  code: 'OZ_CLOUD_UNREACHABLE',
  words: 'the service does not work',
  hint: 'try again later; the service has the reason in its own log',
};

function wordingOf(status: number, fault: Fault): Wording {
  if (isQuota(status, fault)) return quota;
  if (status >= 500 || status === 429 || status === 408) return failing;
  return byStatus[status === 410 ? 404 : status] ?? refused;
}

export interface Failed {
  service: Service;
  /** What was to be done: `create the server web`. */
  doing: string;
  repeated?: boolean | undefined;
}

/** For an answer that is no success. `fault` is masked already. */
export function statusFailure(
  { service, doing, repeated = false }: Failed,
  status: number,
  fault: Fault,
  requestId?: string | undefined,
): OzError {
  const { code, words, hint } = wordingOf(status, fault);
  const said = fault.message ? `: ${fault.message.replace(/\.$/, '')}` : '';
  const asked = code === 'OZ_CLOUD_UNREACHABLE' && requestId ? `; request ${requestId}` : '';
  const error = new OzError(
    code,
    `Cannot ${doing}: ${words} (${service} answers ${status}${said})`,
    { hint: hint + asked },
  );
  return withDetails(error, { service, status, repeated, message: fault.message });
}

/** For a service that sends clients elsewhere: a token is not to follow it there. */
export function moved({ service, doing }: Failed, status: number, where: string): OzError {
  return new OzError(
    'OZ_CLOUD_CONFIG',
    `Cannot ${doing}: ${service} is not at its address (it answers ${status}, and points to ${where})`,
    {
      hint:
        service === 'Keystone'
          ? 'set auth_url to the address that it points to'
          : 'the catalog of the cloud is wrong: set the endpoint override of that service in clouds.yaml',
    },
  );
}

/** Nothing of the request has left this machine, or it went to nobody. */
const neverSent = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
]);

const beforeSending = new Set(['lookup', 'connect', 'secureConnect']);

/** A request that got no answer. Holds codes and our own words only: causes hold headers. */
export interface BrokenOff {
  code: string;
  words: string;
  /** False: the service can't have seen the request. */
  sent: boolean;
  /** Another attempt is no use. */
  lasting: boolean;
  trust: boolean;
}

/** What a thrown error of the HTTP library means, without keeping any of it. */
export function brokenOff(error: unknown): BrokenOff {
  const { code = '', event = '', message = '' } = error as Partial<Record<string, string>>;
  const refused = /^Bad response: (\d{3})$/.exec(message)?.[1]; // by a proxy, in hpagent's words
  if (refused) {
    const lasting = refused.startsWith('4');
    const words = `the proxy answers ${refused}`;
    return { code, words, sent: false, lasting, trust: false };
  }
  const trust = isTrustFailure(code);
  return {
    code,
    words: networkWhy(code) ?? `the request failed${code ? ` (${code})` : ''}`,
    sent: !(trust || neverSent.has(code) || code === 'EPROTO' || beforeSending.has(event)),
    lasting: trust || code === 'EPROTO' || code === 'ERR_INVALID_URL' || /^ERR_SSL/.test(code),
    trust,
  };
}

const trustHints: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired: have it renewed, or set the clock of this machine',
  CERT_NOT_YET_VALID: 'it is not valid yet: set the clock of this machine',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'it is made for another host: use its name in auth_url, or in an endpoint override',
};

const authorityHint =
  'set cacert to the file with its authority (OS_CACERT, clouds.yaml or oz.cfg)';

const connectionHint = (code: string) =>
  /ALERT_CERTIFICATE_REQUIRED|ALERT_BAD_CERTIFICATE|ALERT_UNKNOWN_CA/.test(code)
    ? "it wants a client's certificate that it trusts: set cert and key"
    : 'check the address, the network and the proxy variables, then run it again';

/** For a service that could not be reached for as long as we try. */
export function unreachable(failed: Failed, host: string, failure: BrokenOff): OzError {
  const { service, doing, repeated = false } = failed;
  const error = failure.trust
    ? new OzError(
        'OZ_CLOUD_UNTRUSTED',
        `Cannot ${doing}: the certificate of ${service} at ${host} is not trusted (${failure.code})`,
        { hint: trustHints[failure.code] ?? authorityHint },
      )
    : new OzError(
        'OZ_CLOUD_UNREACHABLE',
        `Cannot ${doing}: ${service} at ${host} is not reachable: ${failure.words}`,
        { hint: connectionHint(failure.code) },
      );
  return withDetails(error, { service, status: 0, repeated, message: failure.words });
}

/** For a request that makes something, and whose answer never came. */
export function unsure(failed: Failed, why: string, cause: OzError): OzError {
  const error = new OzError(
    'OZ_CLOUD_UNSURE',
    `Cannot tell whether it worked to ${failed.doing}: ${why}`,
    { hint: 'look whether it is there before trying again', cause },
  );
  const { service, repeated = true } = failed;
  return withDetails(error, { service, status: 0, repeated, message: why });
}

/** Whether the refusal may be due to our own earlier attempt: conflict with what that one did. */
export function wasRepeated(error: unknown): boolean {
  const found = faultDetails(error);
  return found?.repeated === true && found.status === 409;
}
