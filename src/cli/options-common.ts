/** The options that several commands have. */
import type { Valued } from './option-table.ts';
import { type ColorChoice, colorChoices } from './render/color.ts';
import { fileName, type LogLevel, logLevel, macAddress, oneOf } from './values.ts';

export const config: Valued<string> = {
  short: 'c',
  long: 'config',
  value: 'file',
  read: fileName,
  help: 'read the configuration from <file> instead of ~/.oz/oz.cfg or /etc/oz/oz.cfg',
};

export const debug: Valued<LogLevel> = {
  short: 'd',
  long: 'debug',
  value: 'level',
  read: logLevel,
  help: 'what is logged on standard error: 0 errors (the default), 1 warnings too, 2 information too, 3 everything, 4 everything with its level and source',
};

export const help = { short: 'h', long: 'help', help: 'print this help and exit' };
export const version = { long: 'version', help: 'print the version and exit' };
export const json = {
  long: 'json',
  help: 'print events as JSON, one a line, and nothing else on standard output',
};

export const mac: Valued<string> = {
  short: 'm',
  long: 'mac-address',
  value: 'mac',
  read: macAddress,
  help: 'give the network interface the address <mac> instead of a generated one',
};

export const progress: Valued<'auto' | 'plain' | 'bar' | 'none'> = {
  long: 'progress',
  value: 'how',
  read: oneOf('way to show progress', ['auto', 'plain', 'bar', 'none']),
  help: 'show progress on standard error as a bar, as plain lines, or not (none); auto, the default, takes a bar on a terminal and lines elsewhere',
};

export const onError: Valued<'cleanup' | 'keep'> = {
  long: 'on-error',
  value: 'what',
  read: oneOf('choice for --on-error', ['cleanup', 'keep']),
  help: 'when the build fails, remove the guest and its disk (cleanup, the default) or keep them for a look (keep)',
};

export const backend: Valued<'libvirt' | 'openstack'> = {
  long: 'backend',
  value: 'backend',
  read: oneOf('backend', ['libvirt', 'openstack']),
  help: 'run the guest in libvirt or openstack, whatever oz.cfg says',
};

export const color: Valued<ColorChoice> = {
  long: 'color',
  whole: true,
  value: 'when',
  read: oneOf('choice for --color', colorChoices),
  help: 'color and emphasis in text for people: auto (the default: on terminals, unless NO_COLOR is set), always or never',
};

export const configFiles = [
  { path: '~/.oz/oz.cfg', help: 'configuration of the user' },
  { path: '/etc/oz/oz.cfg', help: 'configuration of the system, for root' },
];
