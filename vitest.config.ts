import { defineConfig } from 'vitest/config';
import { searchPath } from './src/base/search-path.ts';

export default defineConfig({
  test: {
    env: { PATH: searchPath() },
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'test/openstack-e2e/**', 'node_modules/**'],
    testTimeout: 30_000,
  },
});
