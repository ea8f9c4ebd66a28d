/** Answer files from osinfo's install scripts. */
import { type BuildParameters, scriptConfig } from '../../../osinfo/index.ts';
import type { AnswerMedium } from '../types.ts';
import type { FamilyContext } from './family.ts';

export interface ScriptAnswerOptions {
  /** The script of systems for which the database names none. */
  orElse?: string | undefined;
  /** The script of all systems, whatever the database names. */
  script?: string | undefined;
  /** What the family knows better. */
  parameters?: BuildParameters | undefined;
}

/** The answer file that the system's script makes of the TDL. */
export function scriptAnswer(
  context: FamilyContext,
  { orElse, script, parameters }: ScriptAnswerOptions = {},
): { text: string; origin: string } {
  const { tdl } = context;
  const fromUrl = tdl.install.type === 'url';
  const made = context.osinfo.script(context.os, {
    profile: 'jeos',
    source: fromUrl ? 'network' : 'media',
    orElse,
    script,
    config: scriptConfig({
      rootPassword: context.rootPassword,
      // A password that nobody chose must not open the guest to the network.
      sshRootPassword: tdl.rootpw !== undefined,
      sshAuthorizedKey: context.publicKey,
      arch: tdl.arch,
      cloudInit: context.cloudInit,
      installationUrl: fromUrl ? context.guestUrl : undefined,
      ...parameters,
    }),
  });
  return { text: made.text, origin: made.id };
}

/** User data where cloud-init's NoCloud source looks for it, which wants meta data beside it. */
export const cidataMedium = (text: string): AnswerMedium => ({
  device: 'cdrom',
  label: 'cidata',
  files: [
    { path: 'user-data', text },
    { path: 'meta-data', text: 'instance-id: install\n' },
  ],
});

/** The device of the guest's disk, as its installer names it. */
export function diskDevice({ hardware }: FamilyContext, ideAsHd: boolean): string {
  if (hardware.diskBus === 'virtio') return '/dev/vda';
  return hardware.diskBus === 'ide' && ideAsHd ? '/dev/hda' : '/dev/sda';
}
