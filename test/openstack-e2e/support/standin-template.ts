/** Templates of systems whose installers the stand-in plays by ISO: what they install is its Debian. */
import { extrasXml, rootPassword } from '../../e2e/support/tdl.ts';

const escaped = rootPassword
  .replaceAll('&', '&amp;')
  .replaceAll('<', '&lt;')
  .replaceAll('>', '&gt;');

export interface PlayedSystem {
  name: string;
  version: string;
}

/** No packages, since the system's own package manager is not there. */
export const playedTemplate = (
  name: string,
  system: PlayedSystem,
  iso: string,
  extra?: string,
): string => `<template version="1.0">
  <name>${name}</name>
  <os>
    <name>${system.name}</name>
    <version>${system.version}</version>
    <arch>x86_64</arch>
    <install type="iso"><iso>${iso}</iso>${extrasXml(extra)}</install>
    <rootpw>${escaped}</rootpw>
  </os>
  <disk><size>4GiB</size></disk>
  <files><file name="/etc/ozma-e2e" type="raw">a file of the TDL</file></files>
  <commands><command name="effect">id &gt; /root/effect</command></commands>
</template>
`;
