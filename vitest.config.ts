import { defineConfig } from 'vitest/config';

// .ci/run adds up the results of several runs.
const report = process.env.OZMA_TEST_REPORT;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'node_modules/**'],
    testTimeout: 30_000,
    ...(report && { reporters: ['default', 'json'], outputFile: { json: report } }),
  },
});
