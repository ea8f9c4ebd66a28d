/** oz doctor's look at a cloud: what is wrong with it, each with what mends it. */
import { expect, it } from 'vitest';
import type { Finding } from '../../../src/base/finding.ts';
import { type Opening, openPlace } from './opened.ts';
import { largeFlavor, net, smallFlavor } from './working-cloud.ts';

async function diagnose(opening: Opening = {}): Promise<Finding[]> {
  const { place, fake, ledger } = await openPlace(opening);
  fake.on('GET', '/compute/v2.1/os-keypairs', { json: { keypairs: [] } });
  const findings: Finding[] = [];
  for await (const finding of place.diagnose()) findings.push(finding);
  const changing = fake.requests.filter(({ method }) => method !== 'GET');
  expect([changing, ledger.ever]).toEqual([[], []]);
  return findings;
}

const of = (findings: readonly Finding[], check: string) =>
  findings.filter((finding) => finding.check === check);
const bad = (findings: readonly Finding[]) => findings.filter(({ state }) => state !== 'ok');

it('finds nothing wrong with a cloud that has everything', async () => {
  const findings = await diagnose({ settings: { bastion: 'me@bastion.example' } });
  expect(bad(findings)).toEqual([]);
  const text = (check: string) => of(findings, check).map((finding) => finding.text);
  expect(text('roles')).toEqual(['member']);
  expect(text('quota')[0]).toContain('left: 10 servers, 20 processors, 51200 MiB of memory');
  expect(text('flavors')[0]).toMatch(/^\d+ to choose from, .* is small$/);
  expect(text('network')).toEqual(['inside; SSH through the bastion bastion.example']);
  expect(text('strategies')[0]).toContain('direct, volumes');
});

it.each([
  [300, 'behind'],
  [-300, 'ahead of'],
])("warns of a cloud's clock that is %i s ahead", async (ahead, side) => {
  const [finding] = of(await diagnose({ cloud: { ahead } }), 'clock');
  expect(finding).toMatchObject({
    state: 'warning',
    text: expect.stringMatching(new RegExp(`clock is (299|300|301) s ${side} the cloud's`)),
    fix: expect.stringContaining('timedatectl set-ntp true'),
  });
});

it('tells the warnings about clouds.yaml, as capabilities() does for a build', async () => {
  const settings = { insecure: 'yes' };
  expect(of(await diagnose({ settings }), 'clouds.yaml')).toMatchObject([
    { state: 'warning', text: expect.stringContaining('not to check certificates') },
  ]);
  const { place } = await openPlace({ settings });
  const { warnings } = await place.capabilities();
  expect(warnings).toEqual([expect.stringContaining('not to check certificates')]);
});

it.each<[roles: string[], state: Finding['state']]>([
  [['reader'], 'problem'],
  [[], 'problem'],
  [['reader', 'image_builder'], 'warning'],
  [['reader', 'member'], 'ok'],
])('judges the roles %j: %s', async (roles, state) => {
  const [finding] = of(await diagnose({ cloud: { roles } }), 'roles');
  expect(finding?.state).toBe(state);
  if (state !== 'ok')
    expect(finding?.fix).toContain('openstack role add --user demo --project demo member');
});

it('says which quota is used up', async () => {
  const findings = await diagnose({ quota: { maxTotalInstances: 2, totalInstancesUsed: 2 } });
  expect(of(findings, 'quota')).toMatchObject([
    { state: 'problem', text: expect.stringContaining('servers: 1 needed, 0 left') },
  ]);
});

it('says once that no flavor is large enough', async () => {
  const findings = await diagnose({ flavors: [{ ...smallFlavor, ram: 256 }] });
  const texts = findings.filter(({ state }) => state === 'problem').map(({ text }) => text);
  expect(texts).toEqual(['Cannot use any flavor: none has 1024 MiB of memory']);
});

it('says that no way to start an installer is left', async () => {
  const flavors = [{ ...largeFlavor, disk: 0 }];
  const findings = await diagnose({ flavors, cloud: { without: ['block-storage'] } });
  expect(of(findings, 'strategies')).toMatchObject([
    { state: 'problem', text: expect.stringContaining('no flavor here has a disk of its own') },
  ]);
});

it('says that a strategy which oz.cfg names is not possible', async () => {
  const findings = await diagnose({
    settings: { strategy: 'volumes' },
    cloud: { without: ['block-storage'] },
  });
  expect(of(findings, 'strategies')).toMatchObject([
    { state: 'ok' },
    {
      state: 'problem',
      text: 'strategy volumes is not possible: the cloud has no volumes (Cinder)',
      fix: expect.stringContaining('to direct'),
    },
  ]);
});

it('warns where SSH gets to no guest; with customize = ssh that is a problem', async () => {
  const states = async (settings?: Record<string, string>) =>
    of(await diagnose({ ...(settings && { settings }) }), 'network').map(({ state }) => state);
  expect(await states()).toEqual(['warning']);
  expect(await states({ customize: 'ssh' })).toEqual(['problem']);
});

it('goes on with the other parts where one is wrong, and tells all that are', async () => {
  const findings = await diagnose({
    networks: [net, { ...net, id: 'net-2', name: 'second' }],
    settings: { keypair: 'mine' },
  });
  expect(bad(findings).filter(({ state }) => state === 'problem')).toMatchObject([
    { check: 'network', fix: expect.stringContaining('inside, second') },
    { check: 'names', text: 'Cannot use key pair mine: there is none' },
  ]);
  expect(of(findings, 'quota')).toMatchObject([{ state: 'ok' }]);
});
