import { defineConfig } from 'vitest/config';
import { searchPath } from './src/base/search-path.ts';

export default defineConfig({
  test: {
    env: { PATH: searchPath() },
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'test/openstack-e2e/**', 'node_modules/**'],
    testTimeout: 30_000,
    // CI's machine runs guests beside them: a test that was starved is tried once more, and named.
    retry: process.env.CI ? 1 : 0,
  },
});
