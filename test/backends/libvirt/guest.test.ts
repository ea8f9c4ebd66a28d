import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Guest, GuestSpec, StopEvent } from '../../../backends/backend.ts';
import { macOf } from '../../../backends/libvirt/domain-xml.ts';
import { vir } from '../../../backends/libvirt/ffi.ts';
import { makeGuest } from '../../../backends/libvirt/guest.ts';
import type { OperationName } from '../../../backends/libvirt/operations.ts';
import { type LedgerWriter, noLedger } from '../../../src/base/ledger-entry.ts';
import { type Answers, failure, fakeConnection, lifecycle, noDomain } from './fake-connection.ts';
import { kernelSpec } from './specs.ts';

const spec: GuestSpec = { ...kernelSpec, consoleLog: '' };

function make(
  answers: Answers,
  type = 'qemu',
  ledger: LedgerWriter = noLedger,
  connection = fakeConnection(answers),
) {
  const guest = makeGuest({
    connection,
    context: { ledger, log: () => {} },
    storage: { exportDisk: async () => {} },
    spec,
    host: { uri: 'qemu:///session', type },
    bridge: null,
    entry: { place: 'libvirt', kind: 'domain', ref: spec.name },
    onDestroyed: () => {},
    lags: { event: 1000, monitor: 5000 },
  });
  const stops: StopEvent[] = [];
  guest.onStop((stop) => stops.push(stop));
  return { guest, connection, stops, emit: connection.emit.bind(connection, spec.uuid) };
}

const paused = (reason: number) => () => ({ state: vir.state.paused, reason });

/** On a bridge of the host's own, where libvirt knows no leases; its console says `said`. */
async function onBridge(said: string, arp: unknown[]) {
  const dir = await mkdtemp(path.join(tmpdir(), 'ozma-guest-'));
  const consoleLog = path.join(dir, 'console.log');
  const guest = makeGuest({
    connection: fakeConnection({ interfaceAddresses: () => arp }),
    context: { ledger: noLedger, log: () => {} },
    storage: { exportDisk: async () => {} },
    spec: { ...kernelSpec, consoleLog },
    host: { uri: 'test:///default', type: 'qemu' },
    bridge: { name: 'br0' },
    entry: { place: 'libvirt', kind: 'domain', ref: spec.name },
    onDestroyed: () => {},
  });
  await guest.start();
  await writeFile(consoleLog, said);
  const address = await guest.address();
  await rm(dir, { recursive: true });
  return address;
}

describe('a guest on a bridge that nobody tells about', () => {
  const known = { mac: macOf(spec), addresses: [{ family: 'ipv4', address: '192.0.2.8' }] };

  it('is where it says it is', async () => {
    const said = `booting\n!192.0.2.9,${spec.uuid}!\nlogin: `;
    expect(await onBridge(said, [])).toEqual({ host: '192.0.2.9', port: 22 });
  });

  it('is rather where this machine has seen it', async () => {
    const said = `!192.0.2.9,${spec.uuid}!`;
    expect(await onBridge(said, [known])).toEqual({ host: '192.0.2.8', port: 22 });
  });

  it('is nowhere before it says so', async () => {
    expect(await onBridge('!192.0.2.9,somebody-else!', [])).toBeNull();
  });
});

describe('a libvirt guest', () => {
  it.each([
    [vir.stopped.shutdown, 'shutdown', 'stopped'],
    [vir.stopped.destroyed, 'destroyed', 'stopped'],
    [vir.stopped.crashed, 'crashed', 'crashed'],
    [vir.stopped.failed, 'failed', 'error'],
    [vir.stopped.migrated, 'failed', 'error'],
  ])('stopped by %i is %s', async (detail, reason, state) => {
    const { guest, stops, emit } = make({});
    await guest.start();
    emit(lifecycle(vir.event.started));
    emit(lifecycle(vir.event.stopped, detail));
    emit(lifecycle(vir.event.stopped, detail));
    expect(stops.map((stop) => stop.reason)).toEqual([reason]);
    expect(await guest.state()).toBe(state);
  });

  it.each([
    ['enospc', 'the host disk is full'],
    ['eio', "the host reported an error on the guest's disk"],
    ['', "the guest's disk had an I/O error"],
  ])('paused by I/O error %j has failed', async (reason, detail) => {
    const { guest, stops, emit } = make({ domainState: paused(vir.pausedReason.ioError) });
    await guest.start();
    emit({ kind: 'io-error', device: 'virtio-disk0', reason });
    emit(lifecycle(vir.event.suspended, vir.suspended.ioError));
    await expect.poll(() => stops).toEqual([{ reason: 'failed', detail }]);
    expect(await guest.state()).toBe('paused');
  });

  it('stopped by KVM itself has failed, and says what to do', async () => {
    const answers = { domainState: paused(vir.pausedReason.unknown) };
    const kvm = make(answers, 'kvm');
    await kvm.guest.start();
    kvm.emit(lifecycle(vir.event.suspended));
    await expect.poll(() => kvm.stops).toHaveLength(1);
    expect(kvm.stops[0]?.detail).toMatch(/type = qemu/);
  });

  it('paused by its owner goes on', async () => {
    const { guest, stops, emit, connection } = make({
      domainState: paused(vir.pausedReason.user),
    });
    await guest.start();
    emit(lifecycle(vir.event.suspended));
    await expect.poll(() => connection.calls).toContain('domainState');
    expect(stops).toEqual([]);
    expect(await guest.state()).toBe('paused');
    emit(lifecycle(vir.event.stopped, vir.stopped.shutdown));
    expect(stops).toHaveLength(1);
  });

  it('fails once when the daemon is gone', async () => {
    const { guest, stops, emit } = make({});
    await guest.start();
    emit({ kind: 'connection-lost' });
    emit({ kind: 'connection-lost' });
    expect(stops).toEqual([{ reason: 'failed', detail: 'the connection to libvirt was lost' }]);
    expect(await guest.state()).toBe('error');
  });

  it('is asked for its state when no event came', async () => {
    const { guest, stops } = make({
      domainState: () => {
        throw noDomain();
      },
    });
    await guest.start();
    expect(await guest.state()).toBe('error');
    expect(stops).toHaveLength(1);
    expect(stops[0]?.detail).toMatch(/did not report why/);
  });

  describe('started anew after an end that was believed without its event', () => {
    const off = lifecycle(vir.event.stopped, vir.stopped.shutdown);
    const started = lifecycle(vir.event.started);

    /** Its first run has ended so, and another begun. */
    async function again(anew: boolean) {
      let state: number = vir.state.running;
      const answers: Answers = {
        domainState: () => ({ state, reason: vir.shutoffReason.shutdown }),
      };
      const first = make(answers);
      await first.guest.start();
      first.emit(started);
      state = vir.state.shutoff;
      expect(await first.guest.state()).toBe('stopped');
      state = vir.state.running;
      if (anew) await first.guest.destroy();
      const second = anew ? make(answers, 'qemu', noLedger, first.connection) : first;
      second.stops.length = 0;
      await second.guest.start();
      return second;
    }

    it.each([
      ['again', false],
      ['as another guest of its UUID', true],
    ])('goes on when that one comes late: %s', async (_, anew) => {
      const { guest, stops, emit } = await again(anew);
      emit({ kind: 'io-error', device: 'virtio-disk0', reason: 'enospc' });
      emit(lifecycle(vir.event.shutdown, vir.shutdownBy.host));
      emit(off);
      expect(stops).toEqual([]);
      expect(await guest.state()).toBe('running');
      emit(started);
      emit(off);
      expect(stops).toEqual([{ reason: 'shutdown', detail: undefined }]);
    });

    it('ends by its own one where that one never comes', async () => {
      const { stops, emit } = await again(false);
      emit(started);
      emit(off);
      expect(stops).toHaveLength(1);
    });

    it('ends when the daemon does', async () => {
      const { stops, emit } = await again(false);
      emit({ kind: 'connection-lost' });
      expect(stops).toHaveLength(1);
    });
  });

  it.each([
    ['libvirt refuses it', failure(vir.error.domExist), true],
    [
      'the daemon ends in the middle',
      failure(vir.error.rpc, 'End of file while reading data'),
      false,
    ],
    ['the thread ends in the middle', new Error('the libvirt thread has ended'), false],
  ])('that was not started is forgotten only where that is certain: %s', async (_, error, gone) => {
    const dropped: string[] = [];
    const ledger = { ...noLedger, drop: ({ ref }: { ref: string }) => void dropped.push(ref) };
    const answers = {
      createDomain() {
        throw error;
      },
    };
    await expect(make(answers, 'qemu', ledger).guest.start()).rejects.toThrow();
    expect(dropped).toEqual(gone ? [spec.name] : []);
  });

  it('has its end told before its start returned', async () => {
    const { guest, stops, emit } = make({
      createDomain: () => emit(lifecycle(vir.event.stopped, vir.stopped.shutdown)),
    });
    await guest.start();
    expect(stops).toEqual([{ reason: 'shutdown', detail: undefined }]);
    expect(await guest.state()).toBe('stopped');
  });

  it('does not fail what is only asked about when it has just vanished', async () => {
    const gone = () => {
      throw noDomain();
    };
    const { guest } = make({
      diskCounters: gone,
      screenshot: gone,
      domainXml: gone,
      monitor: gone,
      destroyDomain: gone,
    });
    await guest.start();
    expect(await guest.activity()).toEqual({ diskRequests: 0, networkBytes: null });
    expect(await guest.screenshot()).toBeNull();
    expect(await guest.address()).toBeNull();
    expect((await guest.describe()).text).toContain('<domain type="qemu">');
    await guest.destroy();
    expect(await guest.state()).toBe('gone');
  }, 10_000);

  const running = () => ({ state: vir.state.running, reason: 0 });
  const lostMonitor = [
    'End of file from qemu monitor',
    'Unable to read from monitor: Connection reset by peer',
  ];
  const firstSigns: [number, string][] = [
    ...lostMonitor.map((words): [number, string] => [vir.error.internal, words]),
    [vir.error.system, 'Kernel does not provide mount namespace: No such file or directory'],
    [vir.error.operationFailed, 'cannot read what is not there any more'],
  ];
  type Call = (guest: Guest) => Promise<unknown>;
  const asking: [OperationName, Call, unknown][] = [
    ['diskCounters', (guest) => guest.activity(), { diskRequests: 0, networkBytes: null }],
    ['screenshot', (guest) => guest.screenshot(), null],
    ['sendKeys', (guest) => guest.sendKeys([28]), undefined],
    ['monitor', (guest) => guest.address(), null],
    ['shutdownDomain', (guest) => guest.stop({ graceMs: 30_000 }), undefined],
  ];

  it.each(asking)('whose end makes %s fail is waited for', async (operation, ask, answer) => {
    for (const [code, message] of firstSigns) {
      const { guest, stops, emit } = make({
        domainState: running,
        [operation]() {
          // Told later than the call fails, while the state is as it was.
          setTimeout(() => emit(lifecycle(vir.event.stopped, vir.stopped.shutdown)), 300);
          throw failure(code, message);
        },
      });
      await guest.start();
      expect(await ask(guest)).toEqual(answer);
      expect(stops).toEqual([{ reason: 'shutdown', detail: undefined }]);
    }
  });

  it('is asked for its state after any failure: only of one that still runs it is an error', async () => {
    let state: () => unknown = running;
    const { guest, stops } = make({
      domainState: () => state(),
      diskCounters: () => {
        throw failure(vir.error.operationInvalid, 'domain is not running');
      },
    });
    await guest.start();
    await expect(guest.activity()).rejects.toMatchObject({ code: 'OZ_LIBVIRT_FAILED' });
    state = () => ({ state: vir.state.shutoff, reason: vir.shutoffReason.destroyed });
    expect(await guest.activity()).toEqual({ diskRequests: 0, networkBytes: null });
    expect(stops).toEqual([{ reason: 'destroyed', detail: undefined }]);
  }, 15_000);

  it('that is busy for longer than libvirt waits goes on', async () => {
    const { guest, stops } = make({
      domainState: running,
      diskCounters: () => {
        throw failure(vir.error.operationTimeout, 'cannot acquire state change lock');
      },
    });
    await guest.start();
    expect(await guest.activity()).toEqual({ diskRequests: 0, networkBytes: null });
    expect(stops).toEqual([]);
  });

  it('that powered off in the middle of its start has run', async () => {
    const { guest, stops, emit } = make({
      createDomain() {
        emit(lifecycle(vir.event.shutdown, vir.shutdownBy.guest));
        throw failure(vir.error.internal, lostMonitor[0]);
      },
    });
    await guest.start();
    expect(stops).toEqual([{ reason: 'shutdown' }]);
    expect(await guest.state()).toBe('stopped');
  }, 15_000);

  it('whose QEMU fails in the middle of its start has not', async () => {
    const { guest } = make({
      createDomain() {
        throw failure(vir.error.internal, 'qemu unexpectedly closed the monitor');
      },
    });
    await expect(guest.start()).rejects.toMatchObject({ code: 'OZ_LIBVIRT_FAILED' });
    expect(await guest.state()).toBe('stopped');
  });

  it('whose QEMU was ended from outside has not powered off', async () => {
    const { guest, stops, emit } = make({});
    await guest.start();
    emit(lifecycle(vir.event.shutdown, vir.shutdownBy.host));
    emit(lifecycle(vir.event.stopped, vir.stopped.shutdown));
    expect(stops).toMatchObject([{ reason: 'destroyed', detail: expect.any(String) }]);
  });

  it('is cut off when it does not shut down', async () => {
    const { guest, connection, stops, emit } = make({
      shutdownDomain: () => {
        throw failure(vir.error.operationInvalid, 'domain is paused');
      },
      destroyDomain: () => emit(lifecycle(vir.event.stopped, vir.stopped.destroyed)),
    });
    await guest.start();
    await guest.stop({ graceMs: 50 });
    expect(connection.calls).toContain('shutdownDomain');
    expect(stops).toEqual([{ reason: 'destroyed', detail: undefined }]);
  });

  it('ends what an abort came too late for', async () => {
    const abort = new AbortController();
    const { guest, connection } = make({ createDomain: () => abort.abort(new Error('enough')) });
    await expect(guest.start({ signal: abort.signal })).rejects.toThrow('enough');
    expect(connection.calls).toContain('destroyDomain');
  });

  it('finds the forwarded port that QEMU chose', async () => {
    let forwarded = '';
    const { guest } = make({
      monitor(_uuid, command) {
        if (command === 'info usernet') return forwarded;
        expect(command).toBe('hostfwd_add hostnet0 tcp:127.0.0.1:0-:22');
        forwarded = '  TCP[HOST_FORWARD]  9  127.0.0.1 4711  10.0.2.15  22  0  0\r\n';
        return '';
      },
    });
    await guest.start();
    expect(await guest.address()).toEqual({ host: '127.0.0.1', port: 4711 });
  });

  it('says what QEMU said when there is no port', async () => {
    const { guest } = make({
      monitor: (_uuid, command) =>
        command === 'info usernet' ? '' : 'could not set up host forwarding rule',
    });
    await guest.start();
    await expect(guest.address()).rejects.toMatchObject({
      code: 'OZ_FORWARD_FAILED',
      message: expect.stringContaining('could not set up'),
    });
  });
});
