import { defineConfig } from 'vitest/config';
import { searchPath } from '../../src/base/search-path.ts';

/** npm run test:customize [-- families]: as root, some minutes. */
export default defineConfig({
  test: {
    env: { PATH: searchPath() },
    include: ['compat/customize/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
