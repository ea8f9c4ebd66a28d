/** One whole build, checked from outside and inside. */
import { expectDelivered, expectNothingLeft, expectSealed, expectWorking } from './checks.ts';
import { ozInstall } from './run-oz.ts';
import type { Workspace } from './workspace.ts';

/**
 * What the rig needs on the installer's command line: its list of installer
 * components is not Debian's and so not signed. The answer file takes it back
 * before a package is installed.
 */
export const unsignedUdebs = 'debian-installer/allow_unauthenticated=true';

export async function buildAndCheck(
  workspace: Workspace,
  uri: string,
  name: string,
  tdl: string,
): Promise<void> {
  const outputs = {
    image: workspace.at('images', `${name}.qcow2`),
    domainXml: workspace.at(`${name}.xml`),
    icicle: workspace.at(`${name}.icicle`),
  };
  const begin = Date.now();
  const run = await ozInstall(
    [
      ...['-c', workspace.config, '-u', '-g', '-i', outputs.icicle, '-x', outputs.domainXml],
      await workspace.write(`${name}.tdl`, tdl),
    ],
    { cwd: workspace.dir, env: workspace.env, log: process.env.OZMA_E2E_LOG },
  );
  console.log(`  whole build: ${Math.round((Date.now() - begin) / 1000)} s`);
  expectDelivered(run, outputs);
  await expectNothingLeft(workspace, uri, name);
  await expectSealed(outputs.image);
  await expectWorking(outputs.image);
}
