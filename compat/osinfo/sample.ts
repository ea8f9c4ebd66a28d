/** A text that a regular expression of the database matches, the shortest that is easy to find. */

/** Parses alternatives up to `)` or the end. */
class Sampler {
  at = 0;
  readonly pattern: string;

  constructor(pattern: string) {
    this.pattern = pattern;
  }

  alternatives(): string {
    const first = this.sequence();
    while (this.pattern[this.at] === '|') {
      this.at++;
      this.sequence();
    }
    return first;
  }

  private sequence(): string {
    let text = '';
    while (this.at < this.pattern.length && !'|)'.includes(this.pattern[this.at] as string)) {
      text += this.repeated(this.atom());
    }
    return text;
  }

  private atom(): string {
    const c = this.pattern[this.at++] as string;
    if (c === '^' || c === '$') return '';
    if (c === '.') return '.';
    if (c === '\\') return this.escaped();
    if (c === '[') return this.oneOf();
    if (c !== '(') return c;
    const negative = this.pattern.startsWith('?!', this.at);
    if (this.pattern[this.at] === '?') this.at += 2;
    const inner = this.alternatives();
    this.at++;
    return negative ? '' : inner;
  }

  private escaped(): string {
    const c = this.pattern[this.at++] as string;
    return { d: '1', w: 'a', s: ' ', S: 'a', D: 'a', b: '' }[c] ?? c;
  }

  private oneOf(): string {
    const end = this.pattern.indexOf(']', this.at + 1);
    const body = this.pattern.slice(this.at, end);
    this.at = end + 1;
    const allowed = new RegExp(`[${body}]`);
    return [...'1aA0._- '].find((c) => allowed.test(c)) ?? (body.at(0) as string);
  }

  private repeated(atom: string): string {
    const m = /^(?:([*+?])|\{(\d+)(?:,\d*)?\})\??/.exec(this.pattern.slice(this.at));
    if (!m) return atom;
    this.at += m[0].length;
    if (m[2] !== undefined) return atom.repeat(Number(m[2]));
    return m[1] === '+' ? atom : '';
  }
}

/** Undefined when none was found. Ends in no space: in a volume descriptor that would be padding. */
export function sampleOf(pattern: string): string | undefined {
  const text = new Sampler(pattern).alternatives();
  return [text, `${text}1`].find(
    (sample) => sample === sample.trimEnd() && new RegExp(pattern).test(sample),
  );
}
