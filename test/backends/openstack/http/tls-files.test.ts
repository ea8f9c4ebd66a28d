import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { brokenOff, unreachable } from '../../../../backends/openstack/http/failures.ts';
import { readAuthority, readClient } from '../../../../backends/openstack/http/tls-files.ts';
import { testDir } from '../../../media/support.ts';

const failure = (message: RegExp) =>
  expect.objectContaining({
    code: 'OZ_CLOUD_CONFIG',
    message: expect.stringMatching(message),
  });

function files() {
  const dir = testDir();
  const file = (name: string) => path.join(dir, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  for (const name of ['one', 'two']) {
    const out = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)];
    openssl('req', '-x509', ...kind, '-subj', `/CN=${name}`, ...out);
  }
  const hidden = ['-topk8', '-passout', 'pass:hush', '-out', file('hidden.key')];
  openssl('pkcs8', '-in', file('one.key'), ...hidden);
  openssl('x509', '-in', file('one.pem'), '-outform', 'DER', '-out', file('one.der'));
  writeFileSync(file('empty.pem'), '');
  return file;
}

test('reads authorities in PEM form alone, and says so', () => {
  const file = files();
  expect(readAuthority(file('one.pem'))).toContain('BEGIN CERTIFICATE');
  for (const name of ['one.der', 'empty.pem', 'one.key']) {
    expect(() => readAuthority(file(name))).toThrow(failure(/no certificate is in it/));
  }
  expect(() => readAuthority(file('gone.pem'))).toThrow(failure(/it is not there/));
});

test("tells what is wrong with a client's certificate before it is used", () => {
  const file = files();
  const read = (cert: string, key: string) => () => readClient(file(cert), file(key));
  expect(read('one.pem', 'one.key')()).toMatchObject({ key: expect.stringContaining('KEY') });
  expect(read('one.pem', 'two.key')).toThrow(failure(/do not belong together/));
  expect(read('one.pem', 'hidden.key')).toThrow(failure(/behind a passphrase/));
  expect(read('one.der', 'one.key')).toThrow(failure(/not in PEM form/));
});

test.each([
  ['CERT_HAS_EXPIRED', /expired.*clock/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', /made for another host/],
  ['SELF_SIGNED_CERT_IN_CHAIN', /set cacert/],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /set cert and key/],
  ['ECONNREFUSED', /check the address/],
])('hints at what helps against %s', (code, hint) => {
  const failed = { service: 'Keystone', doing: 'sign in' } as const;
  expect(unreachable(failed, 'cloud', brokenOff({ code })).hint).toMatch(hint);
});
