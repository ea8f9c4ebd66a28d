/** Whether and how the build gets into the guest that it installed. */
import { OzError } from '../base/errors.ts';
import type { GuestFamily } from './families/family.ts';
import type { PlanInput } from './input.ts';
import { passwordAccess } from './password-access.ts';
import { rootPasswordOf } from './planned-work.ts';
import type { PlannedAccess } from './types.ts';
import { windowsAccess } from './windows-access.ts';

type Method = Required<Pick<PlannedAccess, 'method' | 'reason'>>;

/**
 * A disk that is not here can't be unlocked from outside: the key comes with the answers or not
 * at all. `locked`: why it does not, or null.
 */
function cloudMethod(input: PlanInput, locked: string | null): Method {
  const { sshReachable } = input.backend.capabilities;
  const asked = input.config.openstack?.customize ?? 'auto';
  const reason = `[openstack] customize = ${asked}`;
  if (asked === 'cloud-init') return { method: asked, reason };
  if (asked === 'ssh') {
    if (locked === null) return { method: asked, reason };
    throw new OzError(
      'OZ_PLAN_ACCESS',
      'Cannot get into the guest over SSH: its answer file does not let the build in',
      { hint: 'set [openstack] customize = cloud-init, or do without -a and safe_generation' },
    );
  }
  if (locked !== null) return { method: 'cloud-init', reason: locked };
  return {
    method: sshReachable?.reachable === false ? 'cloud-init' : 'ssh',
    reason: sshReachable?.reason ?? 'nothing speaks against it',
  };
}

/** Which kinds of system can be made to say their address, from outside. */
export const announcing = (seal: string): boolean => seal !== 'windows' && seal !== 'freebsd';

/** Null when there is nothing to do in the guest. */
export function plannedAccess(
  input: PlanInput,
  family: Pick<GuestFamily, 'setsRootPassword' | 'seal' | 'bringsCloudInit'>,
  needed: boolean,
): PlannedAccess | null {
  const { access, answer, backend, config, options } = input;
  if (!needed || !access) return null;
  const untouched = config.icicle.safeGeneration && options.icicle && !options.customize;
  const emulate = backend.capabilities.accelerated === false;
  const announce = backend.capabilities.announce && announcing(family.seal);
  const rootPassword =
    family.setsRootPassword && !answer
      ? { rootPassword: { text: rootPasswordOf(input.tdl), mend: config.cache.jeos } }
      : {};
  const windows = windowsAccess(family, rootPasswordOf(input.tdl));
  if (backend.type === 'openstack') {
    if (windows) return { ...access, emulate, ...windows };
    const own = answer && 'the answer file is your own, and need not let the build in';
    const safe = untouched && '[icicle] safe_generation: the image itself lets nobody in';
    const way = cloudMethod(input, own || safe || null);
    const tame = way.method === 'ssh' && family.bringsCloudInit ? { tame: true } : {};
    return {
      username: 'root',
      ...access,
      via: 'answer',
      ...way,
      ...tame,
      emulate,
      ...rootPassword,
    };
  }
  // A JEOS of FreeBSD has the key in it that it was installed with.
  const keyless = answer !== undefined || untouched;
  const byPassword = keyless ? passwordAccess(family, input.tdl) : undefined;
  const offline = family.seal !== 'freebsd' && (keyless || config.cache.jeos || announce);
  return {
    username: 'root',
    ...access,
    via: offline ? 'offline' : 'answer',
    ...(announce && { announce }),
    emulate,
    ...rootPassword,
    ...byPassword,
    ...windows,
  };
}

/** What the user should know about it. */
export function accessWarnings(
  access: PlannedAccess | null,
  { answer, backend }: Pick<PlanInput, 'answer' | 'backend'>,
): string[] {
  const warnings: string[] = [];
  if (access?.method === 'cloud-init' && answer) {
    warnings.push(
      'the answer file is your own: it must install cloud-init, which customizing needs here',
    );
  }
  if (access?.password !== undefined && backend.type === 'openstack') {
    warnings.push(
      'the build enters the guest by its password: unless its console prints its SSH host keys, who can answer for it on its network learns the password',
    );
  }
  return warnings;
}

/** For a system that nobody gets into and whose installer brings no cloud-init. */
export function noCloudInit(name: string): OzError {
  return new OzError(
    'OZ_PLAN_ACCESS',
    `Cannot work in ${name} after the install: SSH does not reach it, and its installer has no cloud-init`,
    {
      hint: 'make SSH possible ([openstack] floating_ip_pool or bastion), or leave out -u and -g',
    },
  );
}
