import { describe, expect, it } from 'vitest';
import { elements, parseXml, textOf, XmlSyntaxError } from '../../osinfo/xml/parse.ts';

const failure = (text: string): XmlSyntaxError => {
  try {
    parseXml(text);
  } catch (error) {
    if (error instanceof XmlSyntaxError) return error;
  }
  throw new Error(`${text} was taken`);
};

describe('parseXml', () => {
  it('reads elements, attributes, references, CDATA and comments', () => {
    const root = parseXml(
      '<?xml version="1.0"?>\r\n<!-- a --><a x="1 &lt; 2" y=\'"\'>t&#233;<b/><![CDATA[<&]]><!-- c --> u</a>\n',
    );
    expect(root.attributes).toEqual({ x: '1 < 2', y: '"' });
    expect(root.children).toEqual([
      'té',
      { name: 'b', attributes: {}, children: [] },
      { cdata: '<&' },
      ' u',
    ]);
    expect(textOf(root)).toBe('té<& u');
  });

  it('drops white space between elements unless told', () => {
    expect(parseXml('<a> <b/> </a>').children).toHaveLength(1);
    expect(parseXml('<a> <b/> </a>', { keepWhitespace: true }).children).toHaveLength(3);
    expect(elements(parseXml('<a><b/><c/></a>'), 'c')).toHaveLength(1);
  });

  it.each([
    ['<a>\n<b>\n</a>', 3, '</a> closes <b>'],
    ['<a>\n\n<b', 3, 'the tag <b> is not well formed'],
    ['<a>\n', 2, '<a> is not closed'],
    ['<a/>\n<b/>', 2, 'a second root element <b>'],
    ['<a>\n&no;</a>', 1, 'undefined entity &no;'],
    ['<a b="1" b="2"/>', 1, 'attribute b twice in <a>'],
    ['<a b=1/>', 1, 'the tag <a> is not well formed'],
    ['\n', 2, 'there is no element in it'],
    ['<a>&</a>', 1, 'a bare & or an unfinished reference'],
    ['<a>&#0;</a>', 1, 'character &#0; is not allowed'],
    ['<a>\u0001</a>', 1, 'a character that XML does not allow'],
    ['<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 1, 'document type definitions are not supported'],
  ])('refuses %j', (text, line, message) => {
    const error = failure(text);
    expect(error.message).toBe(message);
    expect(error.line).toBe(line);
  });

  it('refuses endless depth', () => {
    expect(failure('<a>'.repeat(1000)).message).toMatch(/256 elements deep/);
  });
});
