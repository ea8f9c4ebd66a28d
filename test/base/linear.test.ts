/**
 * What others wrote is read in time that grows with its length: a regular expression that tries
 * each blank again takes seconds for some ten thousand of them. Each reader gets the same shape of
 * text at one length, which a quadratic one would need many seconds for.
 */
import { describe, expect, it } from 'vitest';
import type { Capabilities } from '../../backends/backend.ts';
import { findEndpoint } from '../../backends/openstack/auth/catalogue.ts';
import { readFault } from '../../backends/openstack/http/fault.ts';
import { identifyIso } from '../../osinfo/detect/iso.ts';
import { mayHave } from '../../osinfo/detect/prefilter.ts';
import { parseTreeinfo } from '../../osinfo/detect/treeinfo.ts';
import { readOutline, withoutTranslations } from '../../osinfo/xml/outline.ts';
import { parseXml } from '../../osinfo/xml/parse.ts';
import { lastLines, readable } from '../../src/base/readable.ts';
import { masker, withoutCredentials } from '../../src/base/secrets.ts';
import { annotate, withoutNotes } from '../../src/check/annotate.ts';
import { parseConfigFile } from '../../src/cli/os/script-config.ts';
import { iniValue, parseIni, referencesIn } from '../../src/config/ini.ts';
import { printedHostKeys } from '../../src/customize/host-keys.ts';
import { lineSplitter } from '../../src/customize/lines.ts';
import { parseAptSource } from '../../src/customize/package-managers/apt-source.ts';
import { consoleReader } from '../../src/icicle/console.ts';
import { packagesFrom } from '../../src/icicle/list-packages.ts';
import { listers } from '../../src/icicle/listers.ts';
import { icicleXml } from '../../src/icicle/xml.ts';
import { parseChecksums } from '../../src/media/checksum.ts';
import { shownUrl } from '../../src/media/url.ts';
import { readDomainXml } from '../../src/plan/existing-guest.ts';
import { urlForGuest } from '../../src/plan/guest-url.ts';
import { dumpTdl } from '../../src/tdl/dump.ts';
import { parseIncompleteTdl } from '../../src/tdl/incomplete.ts';
import { isLocalhostUrl } from '../../src/tdl/localhost.ts';
import { parseTdl } from '../../src/tdl/parse.ts';

const length = 25_000;
/** Seconds of the processor: a linear reader needs some milliseconds, a quadratic one 0.6 and more. */
const enough = 0.35;

const text = (piece: string, times = length): string => piece.repeat(times);

/** Shapes that make careless patterns try again and again; each is put into every reader. */
const shapes: Readonly<Record<string, string>> = {
  blanks: `a${text(' ')}b`,
  'blanks alone': text(' '),
  'blanks in front': `${text(' ')}b`,
  'blanks between letters': text('a '),
  tabs: `a${text('\t')}b`,
  letters: text('a'),
  digits: `${text('1')}x`,
  slashes: `a${text('/')}b`,
  colons: text('a:'),
  equals: `a${text('=')}b`,
  'equal signs apart': text('= a'),
  'at signs': `http://${text('a@')}`,
  'scheme letters': `${text('a')}:/`,
  schemes: text('a://'),
  quotes: text('"'),
  'single quotes': text("'"),
  'quotes before a letter': `a${text('"')}b`,
  'open brackets': text('['),
  'open tags': text('<a '),
  'comment starts': text('<!--'),
  'script starts': text('<style '),
  percents: text('%('),
  'hash digits': `${text('a')} `,
  escapes: text('\u001b['),
  'escaped strings': text('\u001b]'),
  'blank lines': `a${text('\n')}b`,
  'carriage returns': `a${text('\r')}b`,
  'dots and dashes': text('.-'),
  'open parentheses': text('MD5 ('),
  ampersands: text('&#'),
  'dollar signs': text('$('),
  'signed messages': text('-----BEGIN PGP SIGNED MESSAGE-----\n', length / 4),
  'hash digits and blanks': `${text('a', 32)}${text(' ')}\u2028x`,
  'one name after the other': text('x\n'),
};

const xmlText = (value: string): string => value.replace(/[<&]/g, '').replace(/[^\t\n\r -~]/g, '');

const template = (part: (value: string) => string) => (value: string) =>
  part(xmlText(value).replaceAll(']]>', ''));

const tdl = (parts: {
  description?: string;
  url?: string;
  command?: string;
  name?: string;
  rootpw?: string;
  repo?: string;
  file?: string;
  kernelparam?: string;
  size?: string;
}): string => `<template>
<name>${parts.name ?? 'x'}</name><os><name>Fedora</name><version>30</version><arch>x86_64</arch>
<install type="url"><url>${parts.url ?? 'http://h/x'}</url></install><rootpw>${parts.rootpw ?? 'x'}</rootpw>
<kernelparam>${parts.kernelparam ?? 'x'}</kernelparam></os>
<description>${parts.description ?? ''}</description>
<disk><size>${parts.size ?? '10'}</size></disk>
<repositories><repository name="r"><url>${parts.repo ?? 'http://h/r'}</url></repository></repositories>
<files><file name="/a" type="base64">${parts.file ?? 'YQ=='}</file></files>
<commands><command name="c">${parts.command ?? 'true'}</command></commands></template>`;

const readTdl = async (document: string): Promise<void> => {
  dumpTdl(await parseTdl(document, { source: '/x.tdl' }));
};
const inTdl = (part: keyof Parameters<typeof tdl>[0]) =>
  template((value) => readTdl(tdl({ [part]: value })) as never);

const readIniText = (value: string): void => {
  const file = parseIni(value, 'oz.cfg');
  for (const [section, values] of file.sections) {
    for (const [key, one] of values) {
      referencesIn(one);
      iniValue(file, section, key);
    }
  }
};

/** Readers by name; that they refuse what they are given is no matter, as long as they are quick about it. */
const readers: Readonly<Record<string, (value: string) => unknown>> = {
  'TDL: the whole document': (value) => parseTdl(value, { source: '/x.tdl' }),
  'TDL: incomplete': (value) => parseIncompleteTdl(value, '/x.tdl'),
  'TDL: description': inTdl('description'),
  'TDL: URL': inTdl('url'),
  'TDL: command': inTdl('command'),
  'TDL: name': inTdl('name'),
  'TDL: root password': inTdl('rootpw'),
  'TDL: repository': inTdl('repo'),
  'TDL: file in base64': inTdl('file'),
  'TDL: kernel parameters': inTdl('kernelparam'),
  'TDL: disk size': inTdl('size'),
  'oz.cfg: a value': (value) => readIniText(`[paths]\noutput_dir = ${value}`),
  'oz.cfg: a line': (value) => readIniText(`[paths]\n${value}`),
  'oz.cfg: a section': (value) => readIniText(`[${value}`),
  'oz migrate: notes': (value) => withoutNotes(value),
  'oz migrate: annotations': (value) => annotate(value, []),
  'oz os script: a configuration file': (value) =>
    parseConfigFile(`[install-script]\n${value}`, 'x'),
  'osinfo: XML': (value) => parseXml(value),
  'osinfo: XML, text and attributes': (value) =>
    parseXml(`<a b="${xmlText(value).replaceAll('"', '')}">${xmlText(value)}</a>`),
  'osinfo: outline': (value) => {
    const document = `<libosinfo><os id="x">${value}</os></libosinfo>`;
    return readOutline(document, Buffer.from(document), 'os', {
      wanted: new Set(['name']),
      languages: [],
    });
  },
  'osinfo: translations': (value) => withoutTranslations(value),
  'osinfo: prefilter': (value) => mayHave('iso', { 'volume-id': 'x' })(value),
  'osinfo: treeinfo': (value) => parseTreeinfo(`[general]\n${value}`),
  'osinfo: treeinfo section': (value) => parseTreeinfo(`[${value}`),
  'osinfo: ISO': (value) =>
    identifyIso({
      read: async (_: number, size: number) => Buffer.from(value).subarray(0, size),
    } as never),
  'media: checksums': (value) => parseChecksums(value),
  'media: BSD checksums': (value) => parseChecksums(`MD5 (${value}`),
  'media: a URL in a message': (value) => shownUrl(value),
  'secrets: a URL': (value) => withoutCredentials(value),
  'secrets: a text': (value) => masker(['aaaaaaaa', 'secret'])(value),
  'TDL: is it localhost': (value) => isLocalhostUrl(value),
  'plan: a URL for the guest': (value) =>
    urlForGuest(`http://localhost/x ${value}`, { hostAddress: '10.0.2.2' } as Capabilities),
  'cloud: an endpoint': (value) =>
    findEndpoint(
      [{ type: 'image', endpoints: [{ interface: 'public', region: null, url: value }] }] as never,
      'image',
      { endpoints: {}, interface: 'public' } as never,
      null,
    ),
  'cloud: a fault': (value) => readFault(value),
  'cloud: a fault as HTML': (value) => readFault(`<html>${value}`),
  'console: a line': (value) => readable(value),
  'console: the last lines': (value) => lastLines(value, 10, 80),
  'console: host keys': (value) => printedHostKeys(value),
  'console: package list': (value) => consoleReader('m').take(`@m out 3.1 ${value}\n@m ${value}\n`),
  'console: package list in small pieces': (value) => {
    const reader = consoleReader('m');
    for (let at = 0; at < value.length; at += 64) reader.take(value.slice(at, at + 64));
  },
  'SSH: lines': (value) => {
    const lines = lineSplitter(() => {});
    for (let at = 0; at < value.length; at += 64) lines.push(Buffer.from(value.slice(at, at + 64)));
    lines.end();
  },
  ...Object.fromEntries(
    Object.keys(listers).map((name) => [
      `icicle: ${name}`,
      (value: string) => packagesFrom(name, value, value),
    ]),
  ),
  'icicle: XML': (value) => icicleXml({ description: value, packages: [{ name: value }] }),
  'packages: apt source': (value) => parseAptSource(value),
  'packages: apt source with options': (value) => parseAptSource(`deb [${value}`),
  'existing guest: domain XML': (value) => readDomainXml(value, 'x', 'x86_64'),
};

async function secondsFor(read: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  try {
    await read();
  } catch {
    // refused, which is as good
  }
  const { user } = process.cpuUsage(before);
  return user / 1e6;
}

describe.each(Object.entries(readers))('%s', (_, read) => {
  it('is read in time that grows with the length alone', async () => {
    const slow: string[] = [];
    for (const [shape, value] of Object.entries(shapes)) {
      const seconds = await secondsFor(() => read(value));
      if (seconds > enough) slow.push(`${shape}: ${seconds.toFixed(1)} s`);
    }
    expect(slow).toEqual([]);
  });
});
