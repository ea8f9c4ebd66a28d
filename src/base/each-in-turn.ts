/** Steps that are taken whatever becomes of those before them: ways of letting go. */

/** Throws what the first one to fail threw, when all have been taken. */
export async function eachInTurn(steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    await step().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}
