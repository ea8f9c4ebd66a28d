import { describe, expect, it } from 'vitest';
import { loadOsinfo, scriptConfig } from '../../osinfo/index.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';

const osinfo = loadOsinfo({ env: osinfoEnv });

function unattend(version: string): string {
  const os = osinfo.findForTdl('Windows', version)?.os;
  if (!os) throw new Error(`Windows ${version} is not known`);
  const config = scriptConfig({ rootPassword: 'secret', arch: 'x86_64' });
  const script = 'http://microsoft.com/windows/unattend-10/jeos';
  return osinfo.script(os, { profile: 'jeos', source: 'media', script, config }).text;
}

const inside = (text: string, element: string) =>
  new RegExp(`<${element}>([^<]*)</${element}>`).exec(text)?.[1];

describe("Windows' answer file", () => {
  // a client that is given no user asks for one
  it.each(['7', '8', '8.1', '10', '11'])('gives the client %s a user who logs on', (version) => {
    const text = unattend(version);
    expect(inside(text, 'Username')).toBe('admin');
    expect(inside(text, 'Name')).toBe('admin');
    expect(text).toMatch(/INDEX<\/Key>\s*<Value>1<\/Value>/);
    expect(text.includes('BypassNRO')).toBe(Number(version) >= 10);
  });

  it.each([
    ['2008', '1'],
    ['2008R2', '1'],
    ['2012', '2'],
    ['2016', '2'],
    ['2025', '2'],
  ])('logs the administrator of the server %s on', (version, index) => {
    const text = unattend(version);
    expect(inside(text, 'Username')).toBe('Administrator');
    expect(text).not.toContain('<LocalAccounts>');
    expect(text).toMatch(new RegExp(`INDEX</Key>\\s*<Value>${index}</Value>`));
  });

  it('tells each release only what it knows', () => {
    for (const version of ['2008', '7', '2008R2', '8', '2012', '11']) {
      const text = unattend(version);
      const nt = osinfo.findForTdl('Windows', version)?.os.version ?? '';
      expect(text.includes('HideWirelessSetupInOOBE')).toBe(Number(nt) >= 6.1);
      expect(text.includes('HideOnlineAccountScreens')).toBe(Number(nt) >= 6.2);
      expect(text.includes('NetworkLocation')).toBe(Number(nt) < 6.2);
    }
  });
});
