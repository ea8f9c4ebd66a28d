import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { helpText, wrap } from '../../src/cli/help.ts';
import { manPage, pageName, roff } from '../../src/cli/man.ts';
import type { CommandSpec, OptionTable } from '../../src/cli/option-table.ts';
import * as tables from '../../src/cli/options.ts';
import { parseCommandLine } from '../../src/cli/parse-args.ts';
import { runNeeded } from '../fakes/run-needed.ts';

const specs: CommandSpec<OptionTable>[] = Object.values(tables);

describe.each(specs)('$name', (spec) => {
  const meta = { version: '1.2.3', date: '2026-11-22' };

  it('has help within 80 columns that names every option and example', () => {
    const text = helpText(spec);
    for (const option of Object.values(spec.options)) expect(text).toContain(`--${option.long}`);
    for (const example of spec.examples) expect(text).toContain(example.line);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('has examples that its own parser takes', () => {
    for (const { line } of spec.examples) {
      const words = (line.split(/ [|>] /)[0] ?? '').split(' ').slice(spec.name.split(' ').length);
      if (spec.commands)
        expect(['help', ...spec.commands.map((c) => c.name.split(' ')[0])]).toContain(words[0]);
      else expect(() => parseCommandLine(spec, words), line).not.toThrow();
    }
  });

  it('has a manual page that names every option', () => {
    const page = manPage(spec, meta);
    for (const option of Object.values(spec.options))
      expect(page).toContain(`\\-\\-${option.long.replaceAll('-', '\\-')}`);
  });

  it('has a manual page that mandoc finds nothing wrong with', () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'ozma-man-'));
    try {
      const file = path.join(dir, `${pageName(spec)}.1`);
      writeFileSync(file, manPage(spec, meta));
      const lint = runNeeded('mandoc', ['-Tlint', '-Wwarning', file]);
      expect(lint.stdout + lint.stderr).toBe('');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('roff', () => {
  it('escapes what groff would take for a request or a dash', () => {
    expect(roff(".x -a 'b' \\c")).toBe('\\&.x \\-a \\(aqb\\(aq \\ec');
    expect(roff("'x")).toBe('\\(aqx');
  });
});

describe('wrap', () => {
  it('breaks at spaces and never loses a word', () => {
    expect(wrap('aa bb cc', 5)).toEqual(['aa bb', 'cc']);
    expect(wrap('aaaaaaaa b', 5)).toEqual(['aaaaaaaa', 'b']);
  });
});
