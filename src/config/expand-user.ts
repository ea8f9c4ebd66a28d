/** `~` and `~user` at the start of a path. */
import { readFileSync } from 'node:fs';
import { withoutTrailing } from '../base/text-ends.ts';

/** As Python's os.path.expanduser: unchanged when the user is not known. */
export function expandUser(text: string, home: string): string {
  const match = /^~([^/]*)(.*)$/s.exec(text);
  if (!match) return text;
  const directory = match[1] === '' ? home : homeOf(match[1] ?? '');
  return directory === undefined ? text : withoutTrailing(directory, '/') + match[2] || '/';
}

function homeOf(user: string): string | undefined {
  try {
    const users = readFileSync('/etc/passwd', 'utf8').split('\n');
    return users.map((line) => line.split(':')).find(([name]) => name === user)?.[5];
  } catch {
    return undefined;
  }
}
