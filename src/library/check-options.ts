/** What programs without types can get wrong, told before anything is begun. */
import { OzError } from '../base/errors.ts';
import { macProblem } from '../base/mac-address.ts';
import type { BuildOptions } from './options.ts';

const words = {
  backend: { code: 'OZ_OPTION_BACKEND', known: ['libvirt', 'openstack'] },
  onError: { code: 'OZ_OPTION_ON_ERROR', known: ['cleanup', 'keep'] },
} as const;

/** Throws `OZ_OPTION_…`; what plan() itself looks at is left to it. */
export function checkOptions(options: BuildOptions): void {
  for (const name of ['backend', 'onError'] as const) {
    const { code, known } = words[name];
    const value: string | undefined = options[name];
    if (value !== undefined && !known.some((word) => word === value))
      throw new OzError(code, `Cannot use ${name} '${value}'`, { hint: `use ${known.join(', ')}` });
  }
  const { mac, timeout } = options;
  const problem = mac === undefined ? undefined : macProblem(mac);
  if (problem)
    throw new OzError('OZ_OPTION_MAC', `Cannot use mac: '${mac}' ${problem.why}`, {
      hint: problem.hint,
    });
  if (timeout !== undefined && !(Number.isSafeInteger(timeout) && timeout > 0))
    throw new OzError('OZ_OPTION_TIMEOUT', `Cannot use timeout ${timeout}: no number of seconds`, {
      hint: 'give whole seconds, such as 3600',
    });
}
