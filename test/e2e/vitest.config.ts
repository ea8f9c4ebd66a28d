// End-to-end tests: real guests, one at a time, on a build of this checkout.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    globalSetup: ['./support/global-setup.ts'],
    fileParallelism: false,
    testTimeout: 90 * 60_000,
    hookTimeout: 20 * 60_000,
    reporters: ['verbose'],
  },
});
