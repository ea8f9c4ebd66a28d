/** How the answer file reaches the installer: the first way that this place allows. */
import type { Capabilities, DeliveryKind } from '../../backends/backend.ts';
import { OzError } from '../base/errors.ts';
import type { PlannedInstall } from './types.ts';

const reasons: Record<DeliveryKind, string> = {
  initrd: 'kernel and initrd are started directly and the answer file travels in the initrd',
  'kernel-args': 'kernel and initrd are started directly and told where the answer file is',
  medium: 'the installer looks for its answer file on a second medium by itself',
  remaster: 'nothing else works for this installer: a copy of the ISO holds the answer file',
};

/** Why a place can't do a delivery, or null if it can. */
function obstacle(kind: DeliveryKind, capabilities: Capabilities): string | null {
  switch (kind) {
    case 'initrd':
    case 'kernel-args':
      return capabilities.kernelBoot ? null : 'guests here cannot be started from a kernel';
    case 'medium':
      return capabilities.maxMedia >= 2 ? null : 'guests here have no second medium';
    case 'remaster':
      return capabilities.devices.includes('cdrom') ? null : 'guests here have no CD-ROM';
  }
}

/** Throws OZ_PLAN_DELIVERY with every reason when no delivery is possible. */
export function chooseDelivery(
  kinds: readonly DeliveryKind[],
  capabilities: Capabilities,
): PlannedInstall['delivery'] {
  const rejected: { kind: DeliveryKind; reason: string }[] = [];
  for (const kind of kinds) {
    const why = obstacle(kind, capabilities);
    if (why === null) return { kind, reason: reasons[kind], rejected };
    rejected.push({ kind, reason: why });
  }
  throw new OzError(
    'OZ_PLAN_DELIVERY',
    `Cannot hand the answer file to the installer: ${rejected.map((r) => `${r.kind}: ${r.reason}`).join('; ')}`,
    { hint: 'choose another backend, or another install type in the TDL' },
  );
}
