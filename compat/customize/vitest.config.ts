import { defineConfig } from 'vitest/config';

/** npx vitest run --config compat/customize/vitest.config.ts: as root, some minutes. */
export default defineConfig({
  test: {
    include: ['compat/customize/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
