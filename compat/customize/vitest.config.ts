import { defineConfig } from 'vitest/config';

/** npm run test:customize [-- families]: as root, some minutes. */
export default defineConfig({
  test: {
    include: ['compat/customize/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
