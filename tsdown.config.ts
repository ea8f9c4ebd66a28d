// One entry for each command, library and worker thread. What they share becomes chunks: a command
// then loads only what it uses, from few files, since opening each costs it time.
import { defineConfig } from 'tsdown';

/** What every command loads, and what every look into the osinfo database does. */
const groups = [
  // first, and of its own, since what wants a hint does not want all that another one loads
  { name: 'packages', test: /\/src\/base\/debian-packages\.(?:ts|json)$/ },
  {
    name: 'command',
    test: /\/src\/(?:base\/(?:errors|package-root|suggest)|cli\/(?:getopt|option-table|parse-args|render\/(?:color|format)|report-error|run-command|usage-error|values))\.ts$/,
  },
  {
    name: 'osinfo',
    test: /\/osinfo\/(?:open|database\/[^/.]+|xml\/[^/.]+)\.ts$|\/src\/cli\/(?:options-os|os\/database)\.ts$/,
  },
];

export default defineConfig({
  entry: [
    'src/index.ts',
    'osinfo/index.ts',
    'src/cli/oz*.ts',
    'src/cli/process-io.ts',
    'src/media/*-worker.ts',
    'backends/libvirt/*-worker.ts',
    // compat/bench/openstack.ts measures these as they are shipped
    'backends/openstack/services/{open,save-image,upload-source}.ts',
  ],
  format: 'esm',
  platform: 'node',
  target: 'node20',
  outDir: 'dist',
  inputOptions: { checks: { pluginTimings: false } },
  outputOptions: {
    chunkFileNames: 'chunks/[name]-[hash].js',
    codeSplitting: { groups },
  },
  dts: true,
  sourcemap: false,
  clean: true,
  outExtensions: () => ({ js: '.js', dts: '.d.ts' }),
});
