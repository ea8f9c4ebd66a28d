/** What people type to look at a domain, and to end it. */
import { commandLine } from '../../src/base/shell-words.ts';
import type { Watching } from '../backend.ts';
import { parseXml } from './caps.ts';
import { readUri } from './uri.ts';

interface Graphics {
  '@type'?: string;
  '@port'?: string;
  '@listen'?: string;
  '@socket'?: string;
  listen?: { '@socket'?: string }[] | { '@socket'?: string };
}

interface ScreenDocument {
  domain?: { devices?: { graphics?: Graphics[] | Graphics } };
}

/** As `virsh domdisplay` writes it. */
function addressOf(graphics: Graphics): string | undefined {
  const { '@type': type, '@port': port, '@listen': listen, '@socket': socket } = graphics;
  if (type === undefined) return undefined;
  const file = socket ?? [graphics.listen].flat()[0]?.['@socket'];
  if (file !== undefined) return `${type}+unix://${file}`;
  return Number(port) > 0 ? `${type}://${listen || '127.0.0.1'}:${port}` : undefined;
}

/** By the XML of the running domain. */
export function waysToLook(
  xml: string,
  uri: string,
  name: string,
): Pick<Watching, 'screen' | 'commands'> {
  const [graphics] = [parseXml<ScreenDocument>(xml).domain?.devices?.graphics ?? []].flat();
  const view = commandLine([
    'virt-viewer',
    '-c',
    uri,
    ...(readUri(uri).remote ? [] : ['-a']),
    name,
  ]);
  // Not `virsh console`: the serial port goes to a log, and virsh refuses to open what is no pty.
  const shot = commandLine(['virsh', '-c', uri, 'screenshot', name, 'screen.png']);
  if (!graphics) return { commands: [] };
  return { screen: addressOf(graphics), commands: [view, shot] };
}

const removals: Readonly<Record<string, (ref: string) => string[]>> = {
  domain: (ref) => ['destroy', ref.split('/')[0] ?? ref],
  volume: (ref) => ['vol-delete', '--pool', ...(/^([^/]*)\/(.*)$/.exec(ref)?.slice(1) ?? [ref])],
  pool: (ref) => ['pool-destroy', ref],
};

/** For a resource that a ledger names. */
export function removalOf(kind: string, ref: string, uri: string): string | null {
  const words = removals[kind]?.(ref);
  return words ? commandLine(['virsh', '-c', uri, ...words]) : null;
}
