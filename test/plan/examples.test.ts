import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadOsinfo } from '../../osinfo/index.ts';
import { packageFile } from '../../src/base/package-root.ts';
import { families } from '../../src/plan/families/index.ts';
import { plan } from '../../src/plan/plan.ts';
import { readTdl } from '../../src/tdl/read.ts';
import { testCloud } from '../fakes/cloud.ts';
import { testConfig, testInput } from '../fakes/inputs.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';

const directory = packageFile('tdl-examples');
const examples = readdirSync(directory).filter((name) => name.endsWith('.tdl'));
const osinfo = loadOsinfo({ env: osinfoEnv });

async function planExample(name: string, backend = testInput().backend) {
  const tdl = await readTdl(`${directory}/${name}`);
  const options = {
    customize: true,
    icicle: tdl.distro !== 'Windows',
    forceDownload: false,
    cleanup: false,
  };
  const config = testConfig({ backend: { type: backend.type }, openstack: {} });
  return { tdl, made: plan(testInput({ osinfo, tdl, backend, config, options })) };
}

describe('tdl-examples', () => {
  it.each(examples)('%s has a plan in both places', async (name) => {
    const { tdl, made } = await planExample(name);
    expect(made.name).toBe(name.replace(/\.tdl$/, ''));
    expect(made.os.match).toBe('exact');
    expect(tdl.description).toBeDefined();
    const inCloud = (await planExample(name, testCloud())).made;
    expect(inCloud.install.strategy?.name).toMatch(/^(direct|volumes|rescue)$/);
    expect(inCloud.outputs.result).toBe('glance');
  });

  it('has one of each family', async () => {
    const plans = await Promise.all(examples.map((name) => planExample(name)));
    const used = new Set(plans.map(({ made }) => made.os.family));
    expect([...used].sort()).toEqual(families.map(({ name }) => name).sort());
  });
});
