/** The error for a command line that makes no sense. */
import { OzError } from '../base/errors.ts';

/** Leads to exit code 2 unless told. */
export function usageError(message: string, hint?: string, exitCode = 2): OzError {
  return new OzError('OZ_USAGE', message, { hint, exitCode });
}
