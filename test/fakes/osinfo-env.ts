/** The environment of a machine whose osinfo-db is the one that is to be tested with, and nobody's own files. */
export const osinfoEnv: Record<string, string> =
  process.env.OSINFO_SYSTEM_DIR === undefined
    ? {}
    : { OSINFO_SYSTEM_DIR: process.env.OSINFO_SYSTEM_DIR };
