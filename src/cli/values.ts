/** Readers of option values: text in, checked value out, OZ_USAGE when it makes no sense. */
import { macProblem } from '../base/mac-address.ts';
import { usageError } from './usage-error.ts';

/** 0 errors, 1 and warnings, 2 and information, 3 everything, 4 with level and source. */
export type LogLevel = 0 | 1 | 2 | 3 | 4;

/** `-d`: a whole number; what is above 4 counts as 4, as in Oz. */
export function logLevel(text: string): LogLevel {
  if (!/^\s*\+?\d+\s*$/.test(text))
    throw usageError(`the debug level '${text}' is not a number`, 'use 0, 1, 2, 3 or 4');
  return Math.min(Number(text), 4) as LogLevel;
}

/** `-t`: whole seconds, at least one and at most a year. */
export function seconds(text: string): number {
  const value = /^\s*\+?\d+\s*$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1 && value <= 366 * 86400))
    throw usageError(
      `the timeout '${text}' is not a number of seconds`,
      'give whole seconds, such as 3600',
    );
  return value;
}

/** `-m`: six pairs of hexadecimal digits that may name one network interface. */
export function macAddress(text: string): string {
  const problem = macProblem(text);
  if (problem) throw usageError(`'${text}' ${problem.why}`, problem.hint);
  return text.toLowerCase();
}

/** `-n`: a model's name; which models there are is the hypervisor's business. */
export function nicModel(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.()-]{0,63}$/.test(text))
    throw usageError(
      `'${text}' is not a network device model`,
      'give a model such as virtio, e1000 or rtl8139',
    );
  return text;
}

/** A reader that takes a few words only; completion offers these. */
export type ChoiceReader<W extends string> = ((text: string) => W) & { choices: readonly W[] };

/** A value that must be one of a few words. */
export function oneOf<const W extends string>(what: string, words: readonly W[]): ChoiceReader<W> {
  const read = (text: string): W => {
    const found = words.find((word) => word === text);
    if (found === undefined)
      throw usageError(`'${text}' is not a ${what}`, `use ${words.join(', ')}`);
    return found;
  };
  return Object.assign(read, { choices: words });
}

/** The name of a file to read or write. */
export function fileName(text: string): string {
  if (text === '') throw usageError('a file name is empty');
  if (text.includes('\0')) throw usageError('a file name contains a null character');
  return text;
}

/** The name of a file to be written, which can't be a directory. */
export function outputFile(text: string): string {
  if (/(^|\/)\.{0,2}$/.test(text) && text !== '')
    throw usageError(`'${text}' is a directory`, 'name a file');
  return fileName(text);
}
