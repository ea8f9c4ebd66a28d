import { describe, expect, it } from 'vitest';
import { checkReachability, isLocalhostUrl } from '../../src/tdl/localhost.ts';
import { mergePackages } from '../../src/tdl/merge.ts';
import { parse, template } from './templates.ts';

const local = [
  'http://localhost/r',
  'http://LOCALHOST/r',
  'https://localhost:8443/r',
  'http://localhost./r',
  'http://localhost.localdomain/r',
  'http://localhost6/r',
  'http://ip6-localhost/r',
  'http://mirror.localhost/r',
  'http://127.0.0.1/r',
  'http://127.0.0.1:80/r',
  'http://127.1/r',
  'http://127.255.3.4/r',
  'http://2130706433/r',
  'http://0x7f000001/r',
  'http://0177.0.0.1/r',
  'http://0.0.0.0/r',
  'http://0/r',
  'http://[::1]/r',
  'http://[::1]:8080/r',
  'http://[0:0:0:0:0:0:0:1]/r',
  'http://[::ffff:127.0.0.1]/r',
  'http://[::]/r',
  'http://user:pw@localhost/r',
  'http://user@127.0.0.1:80/r',
  'http://mirror.example@localhost/r',
  'http://%6cocalhost/r',
  'http://ｌocalhost/r',
  'ftp://localhost/r',
  'rsync://127.0.0.1/r',
  '//localhost/r',
  'http:\\\\localhost\\r',
  'http:///localhost/r',
  'localhost:8080/r',
  'deb http://localhost/debian trixie main',
  "'deb [trusted=yes] http://127.0.0.1:8099/debian ./'",
  'deb http://h/debian trixie main\ndeb http://localhost/debian trixie main',
];

const elsewhere = [
  'http://mirror.example/r',
  'http://localhost.example/r',
  'http://notlocalhost/r',
  'http://h/localhost/r',
  'http://h/?u=http:%2f%2flocalhost',
  'http://localhost@h/r',
  'http://128.0.0.1/r',
  'http://192.168.122.1/r',
  'http://[fe80::1]/r',
  'http://[2001:db8::1]/r',
  'http://127.0.0.1.example/r',
  'ppa:localhost/r',
  'file:///srv/repository',
  'cdrom:[Debian]/',
  'deb http://h/debian trixie main',
  '',
];

describe('isLocalhostUrl()', () => {
  it.each(local)('knows %j', (url) => expect(isLocalhostUrl(url)).toBe(true));
  it.each(elsewhere)('leaves %j alone', (url) => expect(isLocalhostUrl(url)).toBe(false));
});

describe('checkReachability()', () => {
  const repositories =
    "<repositories>\n<repository name='far'><url>http://h/</url></repository>\n" +
    "<repository name='near'>\n<url>http://u:secret@127.0.0.1:80/r</url></repository></repositories>";
  const onLocalhost = "<install type='url'><url>http://localhost/tree</url></install>";

  it('shows no token of a query, and no password in a line of sources.list', async () => {
    const refused = async (url: string) => {
      const rest = `<repositories><repository name='a'><url>${url}</url></repository></repositories>`;
      const tdl = await parse(template({ rest }));
      return () => checkReachability(tdl, { localhostReachable: false });
    };
    expect(await refused('http://localhost/r?token=abc')).toThrow(
      'http://localhost/r?… is on localhost',
    );
    expect(await refused('deb http://u:secret@localhost/r?token=abc ./ main')).toThrow(
      'deb http://localhost/r?… ./ main is on localhost',
    );
  });

  it('names the repository by file, line and element, without its credentials', async () => {
    const tdl = await parse(template({ rest: repositories }));
    const check = () => checkReachability(tdl, { localhostReachable: false });
    expect(check).toThrow(
      'Cannot use TDL /tdl/test.tdl: line 7, element repositories/repository/url: http://127.0.0.1:80/r is on localhost',
    );
    expect(check).not.toThrow(/secret/);
  });

  it('keeps the line when the template is copied or merged', async () => {
    const tdl = await parse(template({ rest: repositories }));
    const merged = await mergePackages({ ...tdl }, '<packages/>');
    expect(() => checkReachability(merged, { localhostReachable: false })).toThrow(/line 7/);
  });

  it('refuses the tree of a url install, but not an ISO, which the host fetches', async () => {
    const url = await parse(template({ install: onLocalhost }));
    expect(() => checkReachability(url, { localhostReachable: false })).toThrow(
      /element os\/install\/url/,
    );
    const iso = await parse(
      template({ install: "<install type='iso'><iso>http://localhost/d.iso</iso></install>" }),
    );
    checkReachability(iso, { localhostReachable: false });
  });

  it('lets everything pass where the guest knows the host by another address', async () => {
    const tdl = await parse(template({ install: onLocalhost, rest: repositories }));
    checkReachability(tdl, { localhostReachable: true });
  });
});
