// One output file per source file: each command then loads only what it uses,
// and worker threads find their script beside the caller.
import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: ['src/**/*.ts', 'backends/**/*.ts', 'osinfo/**/*.ts'],
  format: 'esm',
  platform: 'node',
  target: 'node20',
  outDir: 'dist',
  unbundle: true,
  dts: true,
  sourcemap: false,
  clean: true,
  outExtensions: () => ({ js: '.js', dts: '.d.ts' }),
});
