/** Everything that must not be shown, and a way to take it out of a text. */
import { masker } from '../../../src/base/secrets.ts';

export interface SecretBox {
  add(secret: string | null | undefined): void;
  mask(text: string): string;
}

/** A shorter one would mask parts of ordinary words. */
const shortest = 4;

export function secretBox(secrets: readonly string[] = []): SecretBox {
  const known = new Set<string>();
  let mask = masker([]);
  const add = (secret: string | null | undefined) => {
    if (!secret || secret.length < shortest || known.has(secret)) return;
    known.add(secret);
    // As it is in JSON, where a fault quotes the request.
    const quoted = JSON.stringify(secret).slice(1, -1);
    known.add(quoted);
    known.add(encodeURIComponent(secret));
    mask = masker([...known]);
  };
  for (const secret of secrets) add(secret);
  return { add, mask: (text) => mask(text) };
}
