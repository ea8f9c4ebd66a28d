/** The OS_* variables, as openrc files set them. */
import { putSettings, type Settings } from './settings.ts';

/** They choose or find a cloud, and say nothing of one. */
const selectors = new Set([
  'OS_CLOUD',
  'OS_CLOUD_NAME',
  'OS_REGION_NAME',
  'OS_CLIENT_CONFIG_FILE',
  'OS_CLIENT_SECURE_FILE',
  'OS_CLIENT_VENDOR_FILE',
]);

/** Of other programs, although they begin alike. */
const foreign = /^OS_(TEST|STD|LOG)/;

export interface EnvironmentSettings {
  settings: Settings;
  /** Whether they describe a cloud, not just choose one. */
  describesCloud: boolean;
}

export function environmentSettings(env: NodeJS.ProcessEnv): EnvironmentSettings {
  const said: Record<string, string> = {};
  let describesCloud = false;
  for (const [key, value] of Object.entries(env)) {
    if (!key.startsWith('OS_') || foreign.test(key) || !value) continue;
    if (key === 'OS_CLOUD' || key.startsWith('OS_CLIENT_') || key === 'OS_CLOUD_NAME') continue;
    said[key.slice('OS_'.length)] = value;
    if (!selectors.has(key)) describesCloud = true;
  }
  const settings: Settings = {};
  putSettings(settings, said);
  return { settings, describesCloud: describesCloud && settings.auth_url !== undefined };
}
