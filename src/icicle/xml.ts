/** The ICICLE document: the packages that are in an image. */

export interface IciclePackage {
  name: string;
  /** What the TDL's extra_command said about it. */
  extra?: string | undefined;
}

export interface IcicleInput {
  description?: string | undefined;
  /** In the order they are written. */
  packages: readonly IciclePackage[];
}

/** XML 1.0 knows no control characters but these three, and no surrogates or FFFE/FFFF. */
const unwritable = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

function escapeText(text: string): string {
  return text
    .replace(unwritable, '\u{FFFD}')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');
}

function escapeAttribute(text: string): string {
  return escapeText(text)
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;')
    .replaceAll('\t', '&#9;');
}

function packageLines({ name, extra }: IciclePackage): string[] {
  const tag = `<package name="${escapeAttribute(name)}"`;
  if (extra === undefined) return [`    ${tag}/>`];
  return [
    `    ${tag}>`,
    extra === '' ? '      <extra></extra>' : `      <extra>${escapeText(extra)}</extra>`,
    '    </package>',
  ];
}

/** The document, laid out as Oz's: no XML declaration, two spaces a level. */
export function icicleXml({ description, packages }: IcicleInput): string {
  return `${[
    '<icicle>',
    ...(description === undefined
      ? []
      : [`  <description>${escapeText(description)}</description>`]),
    ...(packages.length === 0
      ? ['  <packages/>']
      : ['  <packages>', ...packages.flatMap(packageLines), '  </packages>']),
    '</icicle>',
  ].join('\n')}\n`;
}
