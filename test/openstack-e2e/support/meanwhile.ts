/** Acts on the cloud between two steps of a build. */

/** Holds the build still until `act` is through, so that it matters to nothing how long that takes. */
export async function meanwhile<T>(pid: number, act: () => Promise<T>): Promise<T> {
  process.kill(pid, 'SIGSTOP');
  try {
    return await act();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}
