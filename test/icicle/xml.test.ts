import { describe, expect, it } from 'vitest';
import { icicleXml } from '../../src/icicle/xml.ts';

// The expected texts are what Oz's own code printed for the same input.
describe('icicleXml', () => {
  it('lays out and escapes as Oz does', () => {
    const packages = ['a', 'b:amd64', 'x"<&>\'é', 't\tb'].map((name) => ({ name }));
    expect(icicleXml({ description: 'desc <&>"\n two\t', packages })).toBe(
      '<icicle>\n  <description>desc &lt;&amp;&gt;"\n two\t</description>\n  <packages>\n    <package name="a"/>\n    <package name="b:amd64"/>\n    <package name="x&quot;&lt;&amp;&gt;\'é"/>\n    <package name="t&#9;b"/>\n  </packages>\n</icicle>\n',
    );
  });
  it('with extra', () => {
    const packages = [
      { name: 'a', extra: '' },
      { name: 'b', extra: 'e<&>"\t\r' },
    ];
    expect(icicleXml({ packages })).toBe(
      '<icicle>\n  <packages>\n    <package name="a">\n      <extra></extra>\n    </package>\n    <package name="b">\n      <extra>e&lt;&amp;&gt;"\t&#13;</extra>\n    </package>\n  </packages>\n</icicle>\n',
    );
  });
  it('with nothing in it', () => {
    expect(icicleXml({ description: '', packages: [] })).toBe(
      '<icicle>\n  <description></description>\n  <packages/>\n</icicle>\n',
    );
  });
  it('stays XML where Oz dies: control characters and lone surrogates', () => {
    const text = icicleXml({ packages: [{ name: 'a\x01b\x00\ud800c\uffff😀' }] });
    expect(text).toContain('name="a\ufffdb\ufffd\ufffdc\ufffd😀"');
  });
});
