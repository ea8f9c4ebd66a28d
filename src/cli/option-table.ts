/** How commands and their options are described: data that parsing, help and man pages share. */

/** An option without a value. */
export interface Flag {
  short?: string;
  long: string;
  help: string;
  /** It must be written out, so that prefixes of Oz's own options go on meaning these. */
  whole?: true;
}

/** An option with a value; `read` checks it, and is given the value so far when it comes again. */
export interface Valued<T> extends Flag {
  /** What stands for the value in the help, such as `seconds`. */
  value: string;
  read: (text: string, before?: T) => T;
}

export type OptionTable = Readonly<Record<string, Flag | Valued<unknown>>>;

/** What parsing gives for a table: true or false for flags, the value or undefined for others. */
export type OptionValues<O extends OptionTable> = {
  [K in keyof O]: O[K] extends Valued<infer T> ? T | undefined : boolean;
};

export interface Operand {
  name: string;
  help: string;
  /** The last one: none, one or several of it. */
  many?: boolean | undefined;
}

export interface CommandSpec<O extends OptionTable> {
  /** As typed: `oz-install`, `oz plan`. */
  name: string;
  /** One line, without a full stop. */
  summary: string;
  /** Paragraphs. */
  description: readonly string[];
  operands: readonly Operand[];
  /** The subcommands of a command that has some. */
  commands?: readonly { name: string; help: string }[];
  options: O;
  examples: readonly { what: string; line: string }[];
  /** Paths that matter to the command, for its man page. */
  files?: readonly { path: string; help: string }[];
  seeAlso: readonly string[];
}

export function isValued(option: Flag | Valued<unknown>): option is Valued<unknown> {
  return 'read' in option;
}

/** Keeps the table's exact type. */
export function command<O extends OptionTable>(spec: CommandSpec<O>): CommandSpec<O> {
  return spec;
}
