/** What a service says of its refusal, out of the bodies that they answer with. */

export interface Fault {
  /** One line in the service's words; empty when it says nothing. */
  message: string;
  /** The service's name for the kind of failure: `OverQuota`, `forbidden`, …; null: none. */
  type: string | null;
}

type Tree = { [key: string]: unknown };

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const longest = 400;

function oneLine(text: string): string {
  const line = text
    .replace(/<br\s*\/?>/gi, ' ') // Glance has them in its JSON too
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}

const entities: Record<string, string> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#x27;': "'",
  '&#39;': "'",
  '&nbsp;': ' ',
  '&amp;': '&',
};

/** Without the elements that a browser does not show, in one pass. */
function withoutUnseen(text: string): string {
  const parts: string[] = [];
  const lower = text.toLowerCase();
  let from = 0;
  for (const { 0: start, 1: name, index } of lower.matchAll(/<(head|style|script)/g)) {
    if (index < from) continue;
    const end = lower.indexOf(`</${name}>`, index + start.length);
    if (end < 0) break; // cut short: it goes to the end
    parts.push(text.slice(from, index));
    from = end + `</${name}>`.length;
  }
  return [...parts, text.slice(from)].join(' ');
}

function fromHtml(text: string): string {
  const title = /<title[^<>]*>([^<]*)<\/title>/i.exec(text)?.[1] ?? '';
  const plain = withoutUnseen(text)
    .replace(/<[^<>]*>/g, ' ')
    .replace(/&[#\w]+;/g, (entity) => entities[entity] ?? ' ');
  const line = oneLine(plain);
  // Glance repeats the title as a heading above the reason.
  return line.startsWith(title) && line !== title ? line.slice(title.length).trim() : line;
}

/** `403 Forbidden`, then an empty line, then the reason: Glance's plain form. */
function fromText(text: string): string {
  return oneLine(text.replace(/^\s*\d{3} [^\n]*\n/, ''));
}

function fromJson(body: unknown): Fault | null {
  if (!isTree(body)) return null;
  if (Array.isArray(body.errors)) {
    const first: unknown = body.errors[0];
    return isTree(first) ? { message: oneLine(String(first.detail ?? '')), type: null } : null;
  }
  if (typeof body.message === 'string') return { message: oneLine(body.message), type: null };
  // {"badRequest": {…}}, {"error": {…}}, {"NeutronError": {…}}
  const [key, inner] = Object.entries(body)[0] ?? [];
  if (typeof inner === 'string') return { message: oneLine(inner), type: key ?? null };
  if (!isTree(inner)) return null;
  const message = [inner.message, inner.detail].filter((part) => typeof part === 'string' && part);
  const type = typeof inner.type === 'string' ? inner.type : (key ?? null);
  return { message: oneLine(message.join(': ')), type };
}

/** Reads the fault in an answer's body, whatever the service. */
export function readFault(text: string): Fault {
  const start = text.trimStart();
  if (start.startsWith('{')) {
    try {
      const fault = fromJson(JSON.parse(start));
      if (fault) return fault;
    } catch {
      // a body cut short is told as it is
    }
  }
  return { message: start.startsWith('<') ? fromHtml(start) : fromText(start), type: null };
}
