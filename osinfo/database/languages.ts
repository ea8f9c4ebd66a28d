/** The languages a user wants texts in, best first, as glib works them out. */

/** de_DE.UTF-8@euro: [language, _territory, .codeset, @modifier]. */
const localePattern = /^([^_.@]+)(_[^.@]+)?(\.[^@]+)?(@.+)?$/;

function variants(locale: string): string[] {
  const m = localePattern.exec(locale);
  if (!m) return [];
  const [, language = '', territory = '', codeset = '', modifier = ''] = m;
  const found: string[] = [];
  for (const keep of [7, 6, 5, 4, 3, 2, 1, 0]) {
    const wanted = [modifier && 4, territory && 2, codeset && 1].reduce<number>(
      (mask, bit) => mask | (bit || 0),
      0,
    );
    if ((keep & wanted) !== keep) continue;
    found.push(
      language +
        (keep & 2 ? territory : '') +
        (keep & 1 ? codeset : '') +
        (keep & 4 ? modifier : ''),
    );
  }
  return found;
}

/** Empty for the C locale, in which the untranslated text is what is wanted. */
export function languages(env: Record<string, string | undefined>): string[] {
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || 'C';
  const list = locale === 'C' || locale === 'POSIX' || !env.LANGUAGE ? locale : env.LANGUAGE;
  const found: string[] = [];
  for (const name of list.split(':')) {
    if (name === 'C' || name === 'POSIX') break;
    found.push(...variants(name));
  }
  return [...new Set(found)];
}
