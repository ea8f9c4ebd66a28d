import { expect, it } from 'vitest';
import { secretsOf } from '../../src/plan/planned-work.ts';
import { testTdl } from '../fakes/inputs.ts';

it('counts the passwords of all URLs as secrets, in both ways to write them', () => {
  const of = (what: string) => `https://me:${what}%40pw@example.org/${what}`;
  const tdl = testTdl({
    key: 'K-E-Y',
    install: {
      ...{ type: 'iso', url: of('install'), checksum: { type: 'md5', url: of('sum') } },
      extras: [{ kind: 'file', source: of('extra'), destination: '/x' }],
    },
    repositories: [
      { name: 'r', url: of('repository'), signed: true, persisted: true, sslverify: true },
    ],
    packages: [{ name: 'p', file: of('package') }],
    files: [{ name: '/f', content: { url: of('file') } }],
    precommands: [{ name: 'a', content: { bytes: Buffer.from('true') } }],
    commands: [{ name: 'b', content: { url: 'https://u:100%@example.org/' } }],
  });
  const words = ['install', 'sum', 'extra', 'repository', 'package', 'file'];
  const passwords = words.flatMap((word) => [`${word}%40pw`, `${word}@pw`]);
  expect(secretsOf(tdl)).toEqual(['a&secret<pw', 'K-E-Y', ...passwords, '100%']);
});

it('counts what a URL parser takes for a password, and queries', () => {
  const secrets = (url: string) =>
    secretsOf(testTdl({ install: { type: 'url', url, extras: [] } }));
  expect(secrets('http://iu:ip@ssword1@example.org/os/')).toContain('ip@ssword1');
  expect(secrets('http://iu:a:b@example.org/os/')).toContain('a:b');
  expect(secrets('http://example.org/os/?token=t0ken%2F1&x=2#y')).toEqual(
    expect.arrayContaining(['?token=t0ken%2F1&x=2', '?token=t0ken/1&x=2']),
  );
  expect(secrets('http://example.org/a:b@c/')).toEqual(secrets('http://example.org/'));
});
