import os from 'node:os';
import { expect, it } from 'vitest';
import { homeOf } from '../../src/base/home.ts';

it('is what HOME says, else the system, also where HOME is set to nothing', () => {
  const usual = process.env.HOME;
  try {
    process.env.HOME = '';
    const { homedir } = os.userInfo();
    expect(homedir).toMatch(/^\//);
    expect(homeOf({ HOME: '/home/me' })).toBe('/home/me');
    expect(homeOf({ HOME: '' })).toBe(homedir);
    expect(homeOf({})).toBe(homedir);
  } finally {
    if (usual === undefined) delete process.env.HOME;
    else process.env.HOME = usual;
  }
});
