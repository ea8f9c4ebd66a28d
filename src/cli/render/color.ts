/** Color and emphasis: on terminals alone, unless the user says otherwise; never in JSON. */
import type { Io, Output } from '../io.ts';

export const colorChoices = ['auto', 'always', 'never'] as const;
export type ColorChoice = (typeof colorChoices)[number];

/** Before and after the text: the numbers of ECMA-48. */
const styles = {
  bold: [1, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

export type Style = keyof typeof styles;

/** As others do: the option first, then FORCE_COLOR, NO_COLOR and a terminal that can't. */
function takesColor(output: Output, env: Io['env'], choice: ColorChoice): boolean {
  if (choice !== 'auto') return choice === 'always';
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: term } = env;
  if (force !== undefined) return force !== '0' && force !== 'false';
  return !no && term !== 'dumb' && output.isTTY;
}

/** Decides it for both outputs of a command. */
export function setColor({ stdout, stderr, env }: Io, choice: ColorChoice = 'auto'): void {
  for (const output of [stdout, stderr]) output.color = takesColor(output, env, choice);
}

/** The text in these styles where the output takes color, else as it is. */
export function paint({ color }: Output, text: string, ...wanted: Style[]): string {
  if (!color || text === '') return text;
  return wanted.reduce((inside, style) => {
    const [on, off] = styles[style];
    return `\u001b[${on}m${inside}\u001b[${off}m`;
  }, text);
}

/** Text whose headings, what `pattern` matches at the start of lines, are bold. */
export function boldHeadings(output: Output, text: string, pattern: RegExp): string {
  return output.color ? text.replace(pattern, (heading) => paint(output, heading, 'bold')) : text;
}
