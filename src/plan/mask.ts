/** A plan for human eyes and --json: secrets masked, bytes as text. */
import { masker, withoutCredentials } from '../base/secrets.ts';
import type { BuildPlan } from './types.ts';

/** JSON-able, without `secrets`; file contents are given as their size. */
export function maskPlan(plan: BuildPlan): Omit<BuildPlan, 'secrets'> {
  const mask = masker(plan.secrets);
  const { secrets: _secrets, ...shown } = plan;
  const text = JSON.stringify(shown, (_key, value: unknown) => {
    if (typeof value === 'string') return mask(withoutCredentials(value));
    if (isBufferJson(value)) return { size: value.data.length };
    return value;
  });
  return JSON.parse(text) as Omit<BuildPlan, 'secrets'>;
}

function isBufferJson(value: unknown): value is { data: number[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as { type?: unknown }).type === 'Buffer' &&
    Array.isArray((value as { data?: unknown }).data)
  );
}
