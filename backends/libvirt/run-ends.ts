/** libvirt's numbers for how a domain is, and how and why a run of it ended, in the build's own words. */
import type { GuestState, StopEvent } from '../backend.ts';
import { vir } from './ffi.ts';

export const states: Record<number, GuestState> = {
  [vir.state.noState]: 'running',
  [vir.state.running]: 'running',
  [vir.state.blocked]: 'running',
  [vir.state.paused]: 'paused',
  [vir.state.shutdown]: 'running',
  [vir.state.shutoff]: 'stopped',
  [vir.state.crashed]: 'crashed',
  [vir.state.pmSuspended]: 'paused',
};

export const stops: Record<number, StopEvent['reason']> = {
  [vir.stopped.shutdown]: 'shutdown',
  [vir.stopped.destroyed]: 'destroyed',
  [vir.stopped.crashed]: 'crashed',
};

export const offReasons: Record<number, StopEvent['reason']> = {
  [vir.shutoffReason.shutdown]: 'shutdown',
  [vir.shutoffReason.destroyed]: 'destroyed',
  [vir.shutoffReason.crashed]: 'crashed',
  [vir.shutoffReason.failed]: 'failed',
};

export const endStates: Record<StopEvent['reason'], GuestState> = {
  shutdown: 'stopped',
  destroyed: 'stopped',
  crashed: 'crashed',
  failed: 'error',
};

const ioReasons: Record<string, string> = {
  enospc: 'the host disk is full',
  eio: "the host reported an error on the guest's disk",
  eperm: "the host denied access to the guest's disk",
};

/** Why a paused guest will not go on, or null when somebody may have paused it on purpose. */
export function pauseReason(reason: number, ioError: string | null, type: string | undefined) {
  if (reason === vir.pausedReason.ioError) {
    return ioReasons[ioError ?? ''] ?? "the guest's disk had an I/O error";
  }
  if (reason === vir.pausedReason.unknown) {
    return type === 'kvm'
      ? 'KVM stopped the guest with an internal error; [libvirt] type = qemu in oz.cfg runs it without KVM'
      : 'the hypervisor stopped the guest with an internal error';
  }
  return null;
}
