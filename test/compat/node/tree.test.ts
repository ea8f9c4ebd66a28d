import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkIntegrity, nodeCache, nodeLines, pinsOf } from '../../../compat/node/tree.ts';

describe('pinned versions of Node', () => {
  it('are those that Ozma is tested on, each with its digest', () => {
    expect(nodeLines).toEqual(['20', '22', '24']);
    for (const line of nodeLines) {
      const { node, npm } = pinsOf(line);
      expect(node.version.split('.')[0]).toBe(line);
      for (const { integrity } of [node, npm]) expect(integrity).toMatch(/^sha512-[\w+/]{86}==$/);
    }
  });

  it('are found by their line or whole', () => {
    expect(pinsOf(pinsOf('22').node.version)).toBe(pinsOf('22'));
    expect(() => pinsOf('2')).toThrow('Cannot use Node 2: it is not pinned');
  });

  it('refuse other bytes', () => {
    const bytes = Buffer.from('node');
    const digest = createHash('sha512').update(bytes).digest('base64');
    const pin = { version: '1.2.3', integrity: `sha512-${digest}` };
    expect(() => checkIntegrity('node', bytes, pin)).not.toThrow();
    expect(() => checkIntegrity('node', Buffer.from('nodf'), pin)).toThrow(
      "Cannot use node 1.2.3: the registry's file is not the pinned one",
    );
  });

  it('are kept in the cache of the user', () => {
    expect(nodeCache({ XDG_CACHE_HOME: '/c' })).toBe('/c/ozma-node');
  });
});
