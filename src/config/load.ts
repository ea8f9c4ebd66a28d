/** oz.cfg from where Oz looks for it, with every default filled in. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { codeOf, type OzError } from '../base/errors.ts';
import { inWords, limits } from '../base/limits.ts';
import { readBoundedSync } from '../base/read-bounded.ts';
import { systemHint, whyOf } from '../base/system-errors.ts';
import { expandUser } from './expand-user.ts';
import { writableWarnings } from './file-trust.ts';
import { type IniFile, iniValue, parseIni } from './ini.ts';
import { openstackKeys } from './openstack-keys.ts';
import { configProblem } from './problem.ts';
import type { OzConfig } from './types.ts';
import { unknownKeys } from './unknown-keys.ts';
import { type ConfigReader, configReader, type Surroundings } from './values.ts';

export interface LoadConfigOptions extends Surroundings {
  /** The file to read (`-c`); it must exist. */
  path?: string | undefined;
  /** The file for all users, read by root alone. */
  systemFile?: string | undefined;
  /** Called for each value that is wrong; its default counts then. Unset: the first is thrown. */
  onProblem?: ((error: OzError) => void) | undefined;
}

/**
 * The configuration: from `path`; else from ~/.oz/oz.cfg; else, for root, from
 * /etc/oz/oz.cfg; else the defaults. Throws OzError OZ_CONFIG_FILE, _SYNTAX or
 * _VALUE with file, line, section and key.
 */
export function loadConfig(options: LoadConfigOptions): OzConfig {
  const file = findConfig(options);
  const config = fromIni(file, options);
  const { source } = config;
  const stat = source === null ? undefined : statSync(source, { throwIfNoEntry: false });
  if (source && stat) config.warnings.push(...writableWarnings(source, stat, options.isRoot));
  return config;
}

/** The configuration from a text, as if it had been read from `source`. */
export function parseConfig(text: string, source: string, where: Surroundings): OzConfig {
  return fromIni(parseIni(text, source), where);
}

function findConfig(options: LoadConfigOptions): IniFile | undefined {
  const { home, isRoot, systemFile = '/etc/oz/oz.cfg' } = options;
  if (options.path !== undefined) {
    const named = expandUser(options.path, home);
    const file = readConfig(named);
    if (file) return file;
    throw configProblem('OZ_CONFIG_FILE', { file: named }, 'there is no such file', {
      hint: 'without -c, ~/.oz/oz.cfg or /etc/oz/oz.cfg is read if it is there',
    });
  }
  return (
    readConfig(path.join(home, '.oz', 'oz.cfg')) ?? (isRoot ? readConfig(systemFile) : undefined)
  );
}

const otherFile = 'give -c a file that you may read';

/** Undefined when there is no such file; any other failure is an error. */
function readConfig(file: string): IniFile | undefined {
  let bytes: Buffer;
  try {
    const stat = statSync(file);
    if (stat.isDirectory()) {
      throw configProblem('OZ_CONFIG_FILE', { file }, 'it is a directory', { hint: otherFile });
    }
    const read = readBoundedSync(file, limits.settings);
    if (!read) {
      const size = inWords(limits.settings);
      throw configProblem('OZ_CONFIG_FILE', { file }, `it is larger than ${size}`);
    }
    bytes = read;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code?.startsWith('OZ_')) throw error;
    throw configProblem('OZ_CONFIG_FILE', { file }, whyOf(error), {
      hint: systemHint(error, otherFile),
      cause: error,
    });
  }
  return parseIni(decode(bytes, file), file);
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw configProblem('OZ_CONFIG_FILE', { file }, 'it is not UTF-8 text', { cause });
  }
}

const timeoutKeys = ['install', 'inactivity', 'boot', 'shutdown'] as const;

/** Its other choice, auto, leaves it to the plan. */
function firmwareFrom(text: string | undefined): OzConfig['libvirt']['firmware'] {
  return text === 'bios' || text === 'efi' ? text : undefined;
}

function fromIni(
  file: IniFile | undefined,
  where: Surroundings & Pick<LoadConfigOptions, 'onProblem'>,
): OzConfig {
  const reader = configReader(file, where, where.onProblem);
  const config: OzConfig = {
    source: file?.source ?? null,
    backend: {
      type: reader.text('backend', 'type') === 'openstack' ? 'openstack' : 'libvirt',
    },
    paths: {
      outputDir: need(reader.path('paths', 'output_dir')),
      dataDir: need(reader.path('paths', 'data_dir')),
      screenshotDir: need(reader.path('paths', 'screenshot_dir')),
      sshPrivKey: need(reader.path('paths', 'sshprivkey')),
      windowsDrivers: reader.path('paths', 'windows_drivers'),
    },
    libvirt: {
      uri: reader.text('libvirt', 'uri'),
      type: reader.text('libvirt', 'type'),
      bridgeName: reader.text('libvirt', 'bridge_name'),
      cpus: reader.integer('libvirt', 'cpus'),
      memory: reader.integer('libvirt', 'memory'),
      imageType: need(reader.text('libvirt', 'image_type')),
      firmware: firmwareFrom(reader.text('libvirt', 'firmware')),
      rngModel: reader.text('libvirt', 'rng_model'),
      rngDevice: reader.path('libvirt', 'rng_device'),
      rngRateBytes: reader.integer('libvirt', 'rng_rate_bytes'),
      rngRatePeriod: reader.integer('libvirt', 'rng_rate_period'),
    },
    cache: {
      originalMedia: reader.boolean('cache', 'original_media'),
      modifiedMedia: reader.boolean('cache', 'modified_media'),
      jeos: reader.boolean('cache', 'jeos'),
    },
    icicle: { safeGeneration: reader.boolean('icicle', 'safe_generation') },
    timeouts: {
      install: need(reader.integer('timeouts', 'install')),
      inactivity: need(reader.integer('timeouts', 'inactivity')),
      boot: need(reader.integer('timeouts', 'boot')),
      shutdown: need(reader.integer('timeouts', 'shutdown')),
      set: file ? timeoutKeys.filter((key) => iniValue(file, 'timeouts', key)) : [],
    },
    warnings: file ? unknownKeys(file) : [],
  };
  // Holds passwords: not enumerable, so that no dump of the configuration shows it.
  return Object.defineProperty(config, 'openstack', {
    value: openstackSection(file, reader),
    enumerable: false,
  });
}

/** For keys that have a default, or whose empty value is refused. */
function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a key without a default was left empty');
  return value;
}

/** Checked texts by key, with the defaults; keys that are not known are kept as they are. */
function openstackSection(file: IniFile | undefined, reader: ConfigReader): Record<string, string> {
  const known = new Set(openstackKeys.map(({ key }) => key));
  const given = [...(file?.sections.get('openstack')?.keys() ?? [])];
  const values = [...new Set([...given, ...known])].map((key) => [
    key,
    known.has(key)
      ? reader.checked('openstack', key)
      : file && iniValue(file, 'openstack', key)?.text,
  ]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}
