/** Counts of what is equal to the reference and what is not, with each difference. */

export interface Tally {
  name: string;
  equal: number;
  different: { what: string; reason: string }[];
  /** Differences that are the reference's own fault, each with the reason why. */
  reference: { what: string; reason: string }[];
}

export const newTally = (name: string): Tally => ({ name, equal: 0, different: [], reference: [] });

export function record(tally: Tally, equal: boolean, what: string, reason: string): void {
  if (equal) tally.equal++;
  else tally.different.push({ what, reason });
}

/** Prints one line and the differences; true when all is well. */
export function report({ name, equal, different, reference }: Tally): boolean {
  const excused = reference.length ? `, ${reference.length} the reference's own fault` : '';
  console.log(`${name}: ${equal} equal, ${different.length} different${excused}`);
  for (const { what, reason } of reference) console.log(`  reference: ${what}: ${reason}`);
  for (const { what, reason } of different) console.log(`  DIFFERENT: ${what}: ${reason}`);
  return different.length === 0;
}

/** The first line in which two texts differ. */
export function firstDifference(ours: string, theirs: string): string {
  const [a, b] = [ours.split('\n'), theirs.split('\n')];
  const at = a.findIndex((line, i) => line !== b[i]);
  const line = at < 0 ? a.length : at;
  return `line ${line + 1}: ours ${JSON.stringify(a[line])}, theirs ${JSON.stringify(b[line])}`;
}

/** Runs `work` for each item, two at a time. */
export async function each<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all([worker(), worker()]);
}
