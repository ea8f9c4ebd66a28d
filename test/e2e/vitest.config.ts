// End-to-end tests: real guests, one at a time, on a build of this checkout.
import { defineConfig } from 'vitest/config';
import { searchPath } from '../../src/base/search-path.ts';

export default defineConfig({
  test: {
    env: { PATH: searchPath() },
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    globalSetup: ['./support/global-setup.ts'],
    fileParallelism: false,
    testTimeout: 90 * 60_000,
    hookTimeout: 20 * 60_000,
    reporters: ['verbose'],
  },
});
