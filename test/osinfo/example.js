/**
 * What the README shows of osinfo as a library, run by the tests against the
 * built package: `node example.js [ISO]` prints what it finds as JSON.
 */
import { detectIso, loadOsinfo, scriptConfig } from 'ozma/osinfo';

const osinfo = loadOsinfo();
const found = osinfo.findForTdl('Debian', '13');
if (!found) throw new Error('no such system is known');
const { os, match } = found;

const script = osinfo.script(os, {
  profile: 'jeos',
  source: 'network',
  config: scriptConfig({ rootPassword: 'correct horse', hostname: 'web' }),
});

const iso = process.argv[2];
const held = iso === undefined ? [] : await detectIso(iso);

process.stdout.write(
  JSON.stringify({
    name: os.name,
    match,
    memory: osinfo.resources(os, 'x86_64').minimum?.ram,
    networkCards: osinfo
      .devices(os)
      .filter((device) => device.class === 'net')
      .map((device) => device.name),
    bios: osinfo.firmware(os, 'x86_64', 'bios'),
    tree: osinfo.trees(os, 'x86_64')[0]?.kernel,
    answerFile: script.expectedFilename,
    firstLine: script.text.split('\n')[0],
    holds: held[0]?.shortId,
  }),
);
