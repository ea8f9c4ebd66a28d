/**
 * How access that was put into a finished disk is taken back. The list travels
 * in the guest itself, so that sealing finds it whether the guest runs or not.
 */

/** In the guest: lines `rm PATH`, `mv SAVED PATH`, `rmdir PATH`; done in this order. */
export const undoList = '/var/lib/.build-access';

export interface UndoStep {
  verb: 'rm' | 'mv' | 'rmdir';
  path: string;
  /** For mv. */
  target?: string | undefined;
}

export function undoText(steps: readonly UndoStep[]): string {
  return steps
    .map(({ verb, path, target }) => `${verb} ${path}${target ? ` ${target}` : ''}\n`)
    .join('');
}

const places = /^\/(?:etc|root)\/[\w.@/-]+$/;

/** Reads the list of a disk that may be hostile: only what offlineUnlock() can have written. */
export function parseUndo(text: string): UndoStep[] {
  return text.split('\n').flatMap((line) => {
    const [verb, path = '', target] = line.split(' ');
    const known = verb === 'rm' || verb === 'mv' || verb === 'rmdir';
    const paths = [path, ...(target === undefined ? [] : [target])];
    const safe = paths.every((name) => places.test(name) && !name.split('/').includes('..'));
    if (!known || !safe || (verb === 'mv') !== (target !== undefined)) return [];
    return [{ verb, path, target }];
  });
}

/** The same in the guest's shell. */
export const undoScript = `
if [ -f ${undoList} ]; then
  while read -r verb path target; do
    case $verb in
      rm) rm -f -- "$path" ;;
      rmdir) rmdir -- "$path" 2>/dev/null || true ;;
      mv) [ ! -e "$path" ] || mv -f -- "$path" "$target" ;;
    esac
  done <${undoList}
  rm -f ${undoList}
fi
`;
