// Tests on a real OpenStack on this machine: one guest at a time, on a build of this checkout.
import { defineConfig } from 'vitest/config';
import { searchPath } from '../../src/base/search-path.ts';

export default defineConfig({
  test: {
    env: { PATH: searchPath() },
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    globalSetup: ['../e2e/support/global-setup.ts', './support/global-setup.ts'],
    fileParallelism: false,
    testTimeout: 60 * 60_000,
    hookTimeout: 30 * 60_000,
    reporters: ['verbose'],
  },
});
