/** The template that the end-to-end tests build: one package, one file, one command. */

export interface TdlOptions {
  name: string;
  install: { url: string } | { iso: string; sha256sum?: string };
  kernelparam?: string;
  diskGiB?: number;
}

/** Awkward on purpose: it travels through XML, an answer file and a shell. */
export const rootPassword = 'S3same & <open>';

const forXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export function tdlText({ name, install, kernelparam, diskGiB = 4 }: TdlOptions): string {
  const source =
    'url' in install
      ? `<install type="url"><url>${forXml(install.url)}</url></install>`
      : `<install type="iso"><iso>${forXml(install.iso)}</iso>${
          install.sha256sum ? `<sha256sum>${forXml(install.sha256sum)}</sha256sum>` : ''
        }</install>`;
  return `<template version="1.0">
  <name>${name}</name>
  <os>
    <name>Debian</name>
    <version>13</version>
    <arch>x86_64</arch>
    ${source}
    <rootpw>${forXml(rootPassword)}</rootpw>
    ${kernelparam ? `<kernelparam>${forXml(kernelparam)}</kernelparam>` : ''}
    <icicle>
      <extra_command>dpkg --get-selections | sed 's/.*[[:space:]]/state: /'</extra_command>
    </icicle>
  </os>
  <disk><size>${diskGiB}GiB</size></disk>
  <packages><package name="figlet"/></packages>
  <files><file name="/etc/ozma-e2e" type="raw">a file of the TDL</file></files>
  <commands><command name="effect">figlet -w 60 done &gt; /root/effect</command></commands>
</template>
`;
}
