import { describe, expect, it } from 'vitest';
import { parseXml } from '../../osinfo/xml/parse.ts';
import { documentBuilder } from '../../osinfo/xpath/node.ts';
import { compileStylesheet } from '../../osinfo/xslt/transform.ts';

function apply(body: string, output = '<xsl:output method="text"/>'): string {
  const { root, element } = documentBuilder();
  const config = element(element(root, 'in'), 'config');
  element(config, 'name', 'a<b&"c');
  const sheet = `<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0">${output}${body}</xsl:stylesheet>`;
  return compileStylesheet(parseXml(sheet, { keepWhitespace: true })).apply(root);
}

describe('compileStylesheet', () => {
  it('writes text as it is', () => {
    expect(
      apply(
        '<xsl:template match="/in"> <xsl:text> </xsl:text>x: <xsl:value-of select="config/name"/>\n<xsl:call-template name="t"/></xsl:template><xsl:template name="t"><xsl:if test="config/none">no</xsl:if><xsl:choose><xsl:when test="false()">1</xsl:when><xsl:otherwise>2</xsl:otherwise></xsl:choose></xsl:template>',
      ),
    ).toBe(' x: a<b&"c2');
  });

  // written by xsltproc for the same stylesheet
  it('writes XML as libxml2 does', () => {
    const result = apply(
      '<xsl:template match="/in"><xsl:variable name="v">q</xsl:variable><a xmlns="urn:x" xmlns:y="urn:y" k="{$v}-{{}}"><xsl:attribute name="n"><xsl:value-of select="config/name"/></xsl:attribute><b><c/><d>t<e/></d></b><y:f><xsl:value-of select="config/name"/></y:f></a></xsl:template>',
      '<xsl:output method="xml" indent="yes"/>',
    );
    expect(result).toBe(
      '<?xml version="1.0"?>\n<a xmlns="urn:x" xmlns:y="urn:y" k="q-{}" n="a&lt;b&amp;&quot;c">\n  <b>\n    <c/>\n    <d>t<e/></d>\n  </b>\n  <y:f>a&lt;b&amp;"c</y:f>\n</a>\n',
    );
  });

  it.each([
    ['<xsl:template match="/in"><xsl:for-each select="a"/></xsl:template>', /not supported/],
    ['<xsl:template match="/other"/>', /no template matches/],
    [
      '<xsl:template match="/in"><xsl:call-template name="x"/></xsl:template>',
      /no template named x/,
    ],
    [
      '<xsl:template match="/in"><xsl:call-template name="x"/></xsl:template><xsl:template name="x"><xsl:call-template name="x"/></xsl:template>',
      /without end/,
    ],
    ['<xsl:include href="file:///etc/passwd"/>', /not supported/],
  ])('refuses %s', (body, message) => {
    expect(() => apply(body)).toThrow(message);
  });
});
