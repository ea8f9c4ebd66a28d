/** Where the demo can install from: the TDL's own URL, apt's mirror, or a rig of our own. */
import { messageOf } from '../../src/base/errors.ts';
import { prepareDebianRig } from '../rigs/debian/prepare.ts';
import { suite } from '../rigs/debian/tables.ts';
import { aptMirror } from '../rigs/lib/apt-sources.ts';
import { serveRig } from '../rigs/lib/serve.ts';

export interface InstallerTree {
  /** URL for the TDL's <url>. */
  url: string;
  /** What the kernel's command line must say, if anything. */
  kernelparam?: string | undefined;
  close(): Promise<void>;
}

const netboot = `dists/${suite}/main/installer-amd64/current/images/netboot/`;

async function hasInstaller(url: string, signal: AbortSignal): Promise<boolean> {
  const kernel = `${url.replace(/\/*$/, '/')}debian-installer/amd64/linux`;
  try {
    const both = AbortSignal.any([signal, AbortSignal.timeout(20_000)]);
    return (await fetch(kernel, { method: 'HEAD', signal: both })).ok;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

export async function findInstallerTree(
  wanted: string,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<InstallerTree> {
  const nothing = async () => {};
  say("looking for Debian 13's installer: the template's mirror, then apt's");
  if (await hasInstaller(wanted, signal)) return { url: wanted, close: nothing };
  try {
    const ofApt = `${aptMirror()}/${netboot}`;
    if (await hasInstaller(ofApt, signal)) return { url: ofApt, close: nothing };
  } catch (error) {
    signal.throwIfAborted();
    say(messageOf(error));
  }
  say('none has it: making it from ordinary packages (some minutes)');
  const prepared = await prepareDebianRig({ signal, log: (line) => say(`  ${line.trim()}`) });
  // The server's own lines, one a request, would drown the build's.
  const rig = await serveRig(prepared, { signal });
  return {
    url: `${rig.url}/${netboot}`,
    // The rig's list of installer components is not Debian's, so it is not
    // signed; the answer file asks for signatures again before any package.
    kernelparam: 'debian-installer/allow_unauthenticated=true',
    close: rig.close,
  };
}
