/** The template that the end-to-end tests build: one package, one file, one command. */
import { pathToFileURL } from 'node:url';

export interface TdlOptions {
  name: string;
  install: { url: string } | { iso: string; sha256sum?: string };
  kernelparam?: string;
  diskGiB?: number;
  rootpw?: string;
  /** What the customising runs last. */
  command?: string;
  /** Path of a file that is added to the ISO. */
  extra?: string;
}

/** Where an added file lies on the ISO, and where the stand-in puts it. */
const extraOnIso = '/extras/added';
export const extraInside = '/root/extras/added';

/** The part of a template that adds a file of this machine to the ISO. */
export const extrasXml = (file: string | undefined): string =>
  file === undefined
    ? ''
    : `<extras><file source="${forXml(pathToFileURL(file).href)}" destination="${extraOnIso}"/></extras>`;

/** Awkward on purpose: it travels through XML, an answer file and a shell. */
export const rootPassword = 'S3same & <open>';

const forXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const effect = 'figlet -w 60 done > /root/effect';

export function tdlText(options: TdlOptions): string {
  const { name, install, kernelparam, diskGiB = 4, command = effect } = options;
  const { rootpw = rootPassword, extra } = options;
  const source =
    'url' in install
      ? `<install type="url"><url>${forXml(install.url)}</url></install>`
      : `<install type="iso"><iso>${forXml(install.iso)}</iso>${
          install.sha256sum ? `<sha256sum>${forXml(install.sha256sum)}</sha256sum>` : ''
        }${extrasXml(extra)}</install>`;
  return `<template version="1.0">
  <name>${name}</name>
  <os>
    <name>Debian</name>
    <version>13</version>
    <arch>x86_64</arch>
    ${source}
    <rootpw>${forXml(rootpw)}</rootpw>
    ${kernelparam ? `<kernelparam>${forXml(kernelparam)}</kernelparam>` : ''}
    <icicle>
      <extra_command>dpkg --get-selections | sed 's/.*[[:space:]]/state: /'</extra_command>
    </icicle>
  </os>
  <disk><size>${diskGiB}GiB</size></disk>
  <packages><package name="figlet"/></packages>
  <files><file name="/etc/ozma-e2e" type="raw">a file of the TDL</file></files>
  <commands><command name="effect">${forXml(command)}</command></commands>
</template>
`;
}
