import { describe, expect, it } from 'vitest';
import { listPackages, packagesFrom } from '../../src/icicle/list-packages.ts';
import { listers } from '../../src/icicle/listers.ts';
import { recorder } from '../customize/helpers/recorder.ts';
import { sandbox } from '../customize/helpers/sandbox.ts';

const answers = (outputs: Record<string, string>) =>
  recorder((command) => {
    const stdout = outputs[command];
    return stdout === undefined ? { code: 127, stderr: 'not found\n' } : { stdout };
  }).session;

describe('listPackages', () => {
  it("reads dpkg's selections: names with their architecture, no removed packages", async () => {
    const session = answers({
      'dpkg --get-selections':
        'adduser\t\t\tinstall\nlibc6:amd64\t\tinstall\ngone\t\tdeinstall\nkept\thold\n',
      extra: '1\n2\n3\n4\n',
    });
    expect((await listPackages(session, 'dpkg')).map(({ name }) => name)).toEqual([
      'adduser',
      'libc6:amd64',
      'kept',
    ]);
    expect(await listPackages(session, 'dpkg', 'extra')).toEqual([
      { name: 'adduser', extra: '1' },
      { name: 'libc6:amd64', extra: '2' },
      { name: 'kept', extra: '4' },
    ]);
  });
  it.each([
    ['rpm', 'rpm -qa', 'a-1-1.x86_64\nb-2-2.noarch\n', ['a-1-1.x86_64', 'b-2-2.noarch']],
    ['pacman', 'pacman -Q', 'a 1-1\n', ['a-1-1']],
    ['apk', 'apk info -v', 'a-1-r0\n', ['a-1-r0']],
    ['pkg', listers.pkg?.command ?? '', 'a-1\n', ['a-1']],
  ])('reads %s', async (lister, command, output, names) => {
    const packages = await listPackages(answers({ [command]: output }), lister);
    expect(packages.map(({ name }) => name)).toEqual(names);
  });
  it('finds no packages where pkg itself was never installed, rather than being asked to', () => {
    const guest = sandbox();
    const list = () => guest.run(listers.pkg?.command ?? '');
    guest.program(
      'pkg',
      '[ "$1" != -N ] || exit 1; echo "Do you want to fetch and install it now?"',
    );
    expect(list()).toBe('');
    guest.program('pkg', 'echo "$*"');
    expect(list()).toBe('query %n-%v\n');
    guest.remove();
  });
  it('refuses more lines than any system has packages, and asks for the whole list', async () => {
    const many = 'a\n'.repeat(500_001);
    const asked: (boolean | undefined)[] = [];
    const { session } = recorder(() => ({ stdout: many }));
    const run: typeof session.run = (command, options) => {
      asked.push(options?.whole);
      return session.run(command, options);
    };
    await expect(listPackages({ ...session, run }, 'rpm')).rejects.toMatchObject({
      code: 'OZ_ICICLE_LIST',
      message: "Cannot list the guest's packages: there are more than 500000 lines",
    });
    expect(asked).toEqual([true]);
    expect(() => packagesFrom('rpm', 'a\n', many)).toThrow('more than 500000 lines');
    expect(packagesFrom('rpm', many.slice(2))).toHaveLength(500_000);
  });
  it('refuses extra output of another length, a failing command, an unknown lister', async () => {
    const session = answers({ 'rpm -qa': 'a\nb\n', short: 'x\n' });
    await expect(listPackages(session, 'rpm', 'short')).rejects.toMatchObject({
      code: 'OZ_ICICLE_EXTRA',
      message: expect.stringContaining('1 lines for 2 packages'),
    });
    await expect(listPackages(session, 'rpm', 'none')).rejects.toMatchObject({
      code: 'OZ_ICICLE_EXTRA',
    });
    await expect(listPackages(session, 'dpkg')).rejects.toMatchObject({ code: 'OZ_ICICLE_LIST' });
    await expect(listPackages(session, 'portage')).rejects.toMatchObject({
      code: 'OZ_ICICLE_LISTER',
    });
  });
});
