/** What can be seen of a running server: diagnostics, consoles, actions. */
import { part, type ServiceClient } from './client.ts';
import { type Fields, fields, list, numberOrNull, text, textOrNull } from './fields.ts';
import { pickVersion } from './microversion.ts';
import type { Diagnostics, MicroversionRange, Nova } from './types.ts';

/** Null when none of them is told. Drivers say -1 for what they do not know. */
function sum(values: readonly unknown[]): number | null {
  const known = values.map(numberOrNull).filter((v): v is number => v !== null && v >= 0);
  return known.length ? known.reduce((total, value) => total + value, 0) : null;
}

function pickEach(entries: unknown, names: readonly string[]): unknown[] {
  return list(entries).flatMap((entry) => names.map((name) => fields(entry)[name]));
}

/** Since 2.48: the same names for every driver. */
function readStable(raw: Fields): Diagnostics {
  return {
    diskRequests: sum(pickEach(raw.disk_details, ['read_requests', 'write_requests'])),
    diskBytes: sum(pickEach(raw.disk_details, ['read_bytes', 'write_bytes'])),
    bytesWritten: sum(pickEach(raw.disk_details, ['write_bytes'])),
    networkBytes: sum(pickEach(raw.nic_details, ['rx_octets', 'tx_octets'])),
    raw,
  };
}

/** Before: `vda_read_req`, `tap1234_rx`, as libvirt's driver names them. */
function readFlat(raw: Fields): Diagnostics {
  const matching = (pattern: RegExp) =>
    sum(Object.entries(raw).flatMap(([key, value]) => (pattern.test(key) ? [value] : [])));
  return {
    diskRequests: matching(/_(read|write)_req$/),
    diskBytes: matching(/_(read|write)$/),
    bytesWritten: matching(/_write$/),
    networkBytes: matching(/_(rx|tx)$/),
    raw,
  };
}

/** Older releases have an action for each kind of console. */
const oldConsoles = {
  vnc: ['os-getVNCConsole', 'novnc'],
  spice: ['os-getSPICEConsole', 'spice-html5'],
  serial: ['os-getSerialConsole', 'serial'],
} as const;

export function createWatch(
  client: ServiceClient,
  range: MicroversionRange | null,
): Pick<
  Nova,
  'diagnostics' | 'consoleOutput' | 'remoteConsole' | 'instanceActions' | 'instanceEvents'
> {
  return {
    async diagnostics(id, call) {
      const microversion = pickVersion(range, ['2.48']);
      const { data } = await client.request({
        ...call,
        doing: `look at the diagnostics of the server ${id}`,
        path: `/servers/${part(id)}/diagnostics`,
        microversion,
      });
      return microversion ? readStable(data) : readFlat(data);
    },

    async consoleOutput(id, { lines, ...call } = {}) {
      const { status, data } = await client.request({
        ...call,
        method: 'POST',
        doing: `read the console of the server ${id}`,
        path: `/servers/${part(id)}/action`,
        json: { 'os-getConsoleOutput': lines === undefined ? {} : { length: lines } },
        repeat: 'always',
        // Not running, not yet on a host, or a driver without consoles.
        accept: [404, 409, 501],
      });
      return status === 200 ? text(data.output) : null;
    },

    async remoteConsole(id, { protocol = 'vnc', type, ...call } = {}) {
      const [action, usualType] = oldConsoles[protocol];
      const microversion = pickVersion(range, ['2.6']);
      const { data } = await client.request({
        ...call,
        method: 'POST',
        doing: `open the screen of the server ${id}`,
        path: `/servers/${part(id)}/${microversion ? 'remote-consoles' : 'action'}`,
        json: microversion
          ? { remote_console: { protocol, type: type ?? usualType } }
          : { [action]: { type: type ?? usualType } },
        repeat: 'always',
        microversion,
      });
      const opened = fields(data.remote_console ?? data.console);
      return { url: text(opened.url), type: text(opened.type) };
    },

    async instanceActions(id, call) {
      const { data } = await client.request({
        ...call,
        doing: `list what was done to the server ${id}`,
        path: `/servers/${part(id)}/os-instance-actions`,
      });
      return list(data.instanceActions).map((entry) => {
        const action = fields(entry);
        return {
          action: text(action.action),
          requestId: text(action.request_id),
          startTime: text(action.start_time),
          userId: textOrNull(action.user_id),
          message: textOrNull(action.message),
        };
      });
    },

    async instanceEvents(id, requestId, call) {
      const { data } = await client.request({
        ...call,
        doing: `look at what was done to the server ${id}`,
        path: `/servers/${part(id)}/os-instance-actions/${part(requestId)}`,
        // From 2.51 on ordinary users see the events, from 2.84 on why they failed.
        microversion: pickVersion(range, ['2.84', '2.51']),
      });
      return list(fields(data.instanceAction).events).map((entry) => {
        const event = fields(entry);
        return {
          event: text(event.event),
          result: textOrNull(event.result),
          details: textOrNull(event.details ?? event.traceback),
        };
      });
    },
  };
}
