/** Where the time of a run went: the guest's own, and what its builder added. */
import type { Line, SideRun } from './run.ts';

/** Milliseconds. */
export interface Part {
  name: string;
  ms: number;
  /** Whether the guest was at work all the while. */
  guest: boolean;
}

/** Ours includes the sealing, which Oz does afterwards from outside. */
const shutdown = 'shutdown';

/** When each side says that it is in the guest, and that it sends it to sleep. */
interface Landmarks {
  /** That it knows where the guest is: stands in for an SSH greeting that was missed. */
  heard?: number | undefined;
  entered?: number | undefined;
  leaving?: number | undefined;
}

const find = (lines: readonly Line[], pattern: RegExp): number =>
  lines.findIndex(({ text }) => pattern.test(text));

/** Oz: out of its debug log. The last SSH connection before the wait is that of the shutdown. */
function landmarksOfOz({ lines }: SideRun): Landmarks {
  const down = find(lines, /to finish shutdown/);
  // The wait for the install's own end is worded alike.
  const second = find(lines, /Succeeded$/);
  const wait = down > second ? down : find(lines.slice(second), /to finish shutdown/) + second;
  const sent = lines.slice(0, wait).findLast(({ text }) => text.includes('Permanently added'));
  const heard = lines[find(lines, /IP address of guest is/)]?.at;
  return { heard, entered: lines[second]?.at, leaving: sent?.at };
}

/** Ours: out of the events. */
function landmarksOfOurs({ lines }: SideRun): Landmarks {
  const entered = lines[find(lines, /"mark":"ssh-found"/)]?.at;
  return {
    heard: entered,
    entered,
    leaving: lines[find(lines, /"type":"phase-start".*"phase":"seal"/)]?.at,
  };
}

/**
 * The parts of an install with customising, which together are the whole run.
 * A run that did not come to its end has fewer.
 */
export function partsOf(run: SideRun): Part[] {
  const [install, second] = run.guest;
  const { heard, entered, leaving } = run.side === 'oz' ? landmarksOfOz(run) : landmarksOfOurs(run);
  const points: [name: string, until: number | undefined, guest: boolean][] = [
    ['media, answer file, disk', install?.started, false],
    ['install', install?.stopped, true],
    ['after the install, until the disk boots', second?.started, false],
    ['boot until SSH answers', second?.greeted ?? heard, true],
    ['until the builder is in', entered, false],
    ['package, file, command, ICICLE', leaving, true],
    [shutdown, second?.stopped, true],
    ['after the shutdown', run.ended, false],
  ];
  const parts: Part[] = [];
  let from = run.began;
  for (const [name, until, guest] of points) {
    if (until === undefined) continue;
    parts.push({ name, ms: Math.max(0, until - from), guest });
    from = Math.max(from, until);
  }
  return parts;
}

export const overheadOf = (parts: readonly Part[]): number =>
  parts.filter(({ guest }) => !guest).reduce((sum, { ms }) => sum + ms, 0);

const seconds = (ms: number | undefined): string =>
  ms === undefined ? '-' : (ms / 1000).toFixed(1);

/** Lines of a Markdown table: each part of both runs, the whole, what is not the guest's, its ratio. */
export function timeTable(oz: SideRun, ours: SideRun): string[] {
  const theirs = partsOf(oz);
  const mine = partsOf(ours);
  const names = [...new Set([...theirs, ...mine].map(({ name }) => name))];
  const row = (name: string, a: number | undefined, b: number | undefined) =>
    `| ${name} | ${seconds(a)} | ${seconds(b)} |`;
  const rows = names.map((name) => {
    const [a, b] = [theirs, mine].map((parts) => parts.find((part) => part.name === name));
    return row(`${name}${a?.guest || b?.guest ? ' (guest)' : ''}`, a?.ms, b?.ms);
  });
  const [a, b] = [overheadOf(theirs), overheadOf(mine)];
  const down = (parts: readonly Part[]) => parts.find(({ name }) => name === shutdown)?.ms ?? 0;
  const sealing = Math.max(0, down(mine) - down(theirs));
  const ratio = (mine: number) =>
    `${seconds(mine)} s to ${seconds(a)} s, ${(mine / a).toFixed(2)} : 1`;
  return [
    '| part, seconds | Oz | Ozma |',
    '|---|---|---|',
    ...rows,
    row('all', oz.ended - oz.began, ours.ended - ours.began),
    row('not the guest’s own', a, b),
    '',
    `Overhead: ${ratio(b)}; with what our shutdown, which seals, takes longer than Oz's: ${ratio(b + sealing)}.`,
  ];
}
