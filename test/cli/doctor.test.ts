import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Finding, fine, problem, warning } from '../../src/base/finding.ts';
import { main } from '../../src/cli/doctor.ts';
import type { FindPlace } from '../../src/compose/places.ts';
import { fakeIo } from './fake-io.ts';
import { memoryPlace, type Workshop, workshop } from './memory-place.ts';

let place: Workshop;
beforeAll(() => {
  place = workshop('http://deb.example.org/');
});
afterAll(() => place.remove());

/** With a place that has found this. */
async function doctor(argv: string[], found: readonly Finding[] | Error) {
  const io = fakeIo({ cwd: place.dir });
  const asked: string[] = [];
  const tried: boolean[] = [];
  const find: FindPlace = async (type, config, around) => {
    asked.push(type);
    if (found instanceof Error) throw found;
    return {
      ...(await memoryPlace().find(type, config, around)),
      async *diagnose({ tries }) {
        tried.push(tries);
        yield* found;
      },
    };
  };
  const code = await main(['-c', 'oz.cfg', ...argv], io, find);
  return { code, out: io.out(), err: io.err(), asked, tried };
}

const kvm = warning('kvm', 'there is no KVM here', 'switch it on');
const network = problem('network', 'no network', 'virsh net-start default');

describe('oz doctor', () => {
  it('prints what it finds, what mends it, and whether a build can work', async () => {
    const { code, out, err } = await doctor([], [fine('libvirt', 'it answers'), kvm]);
    // a machine that is short of memory or room just now has problems of its own
    const ready = !out.includes('PROBLEM');
    expect([code, err]).toEqual([ready ? 0 : 1, '']);
    expect(out).toMatch(/^ok +version: Ozma \d/);
    expect(out).toContain('ok       libvirt: it answers\n');
    expect(out).toContain('warning  kvm: there is no KVM here\n         -> switch it on\n');
    if (ready) expect(out).toMatch(/\nA build can work, \d warnings?\n$/);
  });

  it('tries KVM with a guest only where that can be written down before', async () => {
    expect((await doctor([], [])).tried).toEqual([true]);
    const config = path.join(place.dir, 'file.cfg');
    writeFileSync(config, `[paths]\ndata_dir = ${config}/x\n`);
    const { out, tried } = await doctor(['-c', config], []);
    expect(out).toContain('PROBLEM  data_dir: ');
    expect(tried).toEqual([false]);
  });

  it('exits with 1 for a problem', async () => {
    const { code, out } = await doctor([], [network]);
    expect(code).toBe(1);
    expect(out).toContain('PROBLEM  network: no network\n         -> virsh net-start default\n');
    expect(out).toMatch(/\nA build can't work yet: \d problem/);
  });

  it('--json is one document', async () => {
    const { code, out } = await doctor(['--json'], [kvm, network]);
    const { ready, findings } = JSON.parse(out);
    expect([code, ready]).toEqual([1, false]);
    expect(findings.slice(-2)).toEqual([kvm, network]);
  });

  it('looks where --backend says, and needs no memory here for a cloud', async () => {
    const { asked, out } = await doctor(['--backend=openstack', '--json'], []);
    expect(asked).toEqual(['openstack']);
    const checks = JSON.parse(out).findings.map(({ check }: Finding) => check);
    expect(checks).not.toContain('memory');
    expect(checks).toContain('data_dir');
  });

  it('needs no memory here for guests of a libvirt elsewhere', async () => {
    const config = path.join(place.dir, 'remote.cfg');
    const checksWith = async (uri: string) => {
      writeFileSync(config, `[libvirt]\nuri = ${uri}\n[paths]\ndata_dir = ${place.dir}/d\n`);
      const { out } = await doctor(['-c', config, '--json'], []);
      return JSON.parse(out).findings.map(({ check }: Finding) => check);
    };
    expect(await checksWith('qemu+ssh://host/system')).not.toContain('memory');
    expect(await checksWith('qemu:///session')).toContain('memory');
    expect(await checksWith('no uri')).toContain('memory');
  });

  it('tells a place that can not be opened as a problem, with its hint', async () => {
    const { code, out } = await doctor(['--backend=openstack'], new Error('it is away'));
    expect(code).toBe(1);
    expect(out).toContain('PROBLEM  cloud: it is away\n');
  });

  it('tells all that is wrong with oz.cfg, and goes on with the defaults of those keys', async () => {
    const config = path.join(place.dir, 'bad.cfg');
    const lines = [
      '[libvirt]',
      'cpus = many',
      'memory = 0',
      `[paths]`,
      `data_dir = ${place.dir}/d`,
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    const { code, out, asked } = await doctor(['-c', config], [kvm]);
    expect([code, asked]).toEqual([1, ['libvirt']]);
    expect(out).toContain(`PROBLEM  oz.cfg: Cannot use ${config}: line 2, [libvirt] cpus: 'many'`);
    expect(out).toContain(`PROBLEM  oz.cfg: Cannot use ${config}: line 3, [libvirt] memory: '0'`);
    expect(out).not.toContain('oz.cfg: ok');
    expect(out).toContain(`data_dir: ${place.dir}/d`);
    expect(out).toContain('warning  kvm: ');
  });

  it('looks at what does not depend on oz.cfg where that is no such file at all', async () => {
    const config = path.join(place.dir, 'worse.cfg');
    writeFileSync(config, 'cpus = 2\n');
    const { code, out, asked } = await doctor(['-c', config], []);
    expect([code, asked]).toEqual([1, []]);
    expect(out).toContain(`PROBLEM  oz.cfg: `);
    expect(out).toMatch(/^(?:ok|PROBLEM) +programs: /m);
    expect(out).toMatch(/^(?:ok|PROBLEM) +osinfo: /m);
    expect(out).not.toContain('data_dir: ');
  });
});
