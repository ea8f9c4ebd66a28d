/** The manual page of the TDL, from the parser's own table of elements. */
import { installShapes, type Shape, templateShape } from '../tdl/shape.ts';
import { roff } from './man.ts';
import { tdlExample, tdlWords } from './tdl-words.ts';

/** An element that has attributes or elements inside, under all the paths it occurs at. */
interface Section {
  paths: string[];
  shape: Shape;
  /** Of the install types the one this is the shape of. */
  type?: string;
}

const root = 'template';
const install = 'template/os/install';
const counts = { '1': 'required', '?': 'optional', '*': 'any number' } as const;

const hasInside = ({ children, attributes }: Shape): boolean =>
  children !== undefined || attributes !== undefined;

/** Elements of the same shape share a section, that of the first of them. */
function collect(path: string, shape: Shape, found: Section[]): Section[] {
  const same = found.filter((section) => section.shape === shape);
  for (const section of same) section.paths = [...new Set([...section.paths, path])];
  const variants: Section[] =
    path === install
      ? Object.entries(installShapes).map(([type, of]) => ({ paths: [path], shape: of, type }))
      : [{ paths: [path], shape }].filter(() => hasInside(shape));
  if (same.length === 0) found.push(...variants);
  for (const { shape: own } of variants)
    for (const [name, { of }] of Object.entries(own.children ?? {}))
      collect(`${path}/${name}`, of, found);
  return found;
}

function sentence(label: string, text: string | undefined): string {
  return text === undefined ? '' : ` ${label}: ${text}.`;
}

function entry(path: string, name: string, count: string, values?: string): string[] {
  const words = tdlWords[path];
  const text = `${words?.text ?? ''}${sentence('Value', values)}${sentence('Default', words?.default)}`;
  return ['.TP', `\\fB${roff(name)}\\fR (${count})`, roff(text)];
}

function attributeEntries({ paths: [path], shape, type }: Section): string[] {
  return Object.entries(shape.attributes ?? {}).flatMap(([name, rule]) => {
    const required = rule === 'required';
    const values = required ? type && `'${type}'` : rule.expected;
    return entry(
      `${path}@${name}`,
      `${name}=`,
      `attribute, ${required ? 'required' : 'optional'}`,
      values,
    );
  });
}

function elementEntries({ paths: [path], shape }: Section): string[] {
  return Object.entries(shape.children ?? {}).flatMap(([name, { of, count }]) => {
    const values = typeof of.text === 'object' ? of.text.expected : undefined;
    return entry(`${path}/${name}`, `<${name}>`, counts[count], values);
  });
}

/** Paths as in messages: without the root. */
function heading({ paths, type }: Section): string {
  const shown = paths.map((path) => (path === root ? path : path.slice(root.length + 1)));
  return `${shown.join(', ')}${type ? ` type=${type}` : ''}`;
}

function section(one: Section): string[] {
  return [`.SS ${roff(heading(one))}`, ...attributeEntries(one), ...elementEntries(one)];
}

/** oz-tdl(5). `date` is `2026-11-22`. */
export function tdlPage(meta: { version: string; date: string }): string {
  const lines = [
    `.TH OZ\\-TDL 5 ${meta.date} "Ozma ${meta.version}" "File Formats"`,
    '.SH NAME',
    'oz\\-tdl \\- the templates (TDL) that describe an image to build',
    '.SH DESCRIPTION',
    roff(
      'A TDL is an XML document in UTF-8 that says which system to install, from where, and what to change in it afterwards. It is the format of Oz. What is not described here is an error, which names file, line and element; oz check finds such errors in whole directories of templates, and oz plan shows what would be made of one.',
    ),
    '.PP',
    roff(
      'Repositories, packages, files and commands count with -u, and in oz-customize. They are worked off in this order: repositories, precommands, packages, files, commands.',
    ),
    '.PP',
    roff(
      "With <xi:include href='file'> (namespace http://www.w3.org/2001/XInclude) another file on this machine takes the place of the element, as text with parse='text'. It is looked for beside the including file, then in the working directory. A TDL, and each file it includes, may have at most 5 MiB.",
    ),
    '.SH ELEMENTS',
    'Each section describes an element: its attributes, and the elements in it.',
    ...collect(root, templateShape, []).flatMap(section),
    '.SH EXAMPLES',
    '.nf',
    roff(tdlExample),
    '.fi',
    '.SH SEE ALSO',
    '.BR oz\\-install (1),',
    '.BR oz\\-check (1),',
    '.BR oz\\-plan (1),',
    '.BR oz.cfg (5)',
  ];
  return `${lines.join('\n')}\n`;
}
