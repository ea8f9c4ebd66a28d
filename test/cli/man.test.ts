import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../src/base/package-root.ts';
import { manPages } from '../../src/cli/man-pages.ts';
import { configKeys } from '../../src/config/keys.ts';

const directory = packageFile('docs', 'man');
const pages = manPages();

describe('docs/man', () => {
  it('has what the tables say (else: npm run man)', () => {
    expect(readdirSync(directory).sort()).toEqual(Object.keys(pages).sort());
    for (const [name, text] of Object.entries(pages))
      expect(readFileSync(`${directory}/${name}`, 'utf8'), name).toBe(text);
  });

  it('is listed in package.json, page by page, so that npm install -g links them for man', () => {
    const { man } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8'));
    expect(man).toEqual(
      Object.keys(pages)
        .sort()
        .map((name) => `docs/man/${name}`),
    );
  });

  it('names each key of oz.cfg in its section', () => {
    const [, ...sections] = (pages['oz.cfg.5'] ?? '').split('\n.SS [');
    for (const { section, key } of configKeys) {
      const text = sections.find((each) => each.startsWith(`${section}]`));
      expect(text, section).toContain(`\n\\fB${key}\\fR\n`);
    }
  });

  it('says what --json prints of builds, plans and checks', () => {
    const sectionOf = (page: string) => pages[page]?.split('\n.SH JSON\n')[1]?.split('\n.SH ')[0];
    for (const page of ['oz-install.1', 'oz-customize.1', 'oz-generate-icicle.1'])
      expect(sectionOf(page)).toContain('\n\\fBphase\\-start\\fR\n');
    expect(sectionOf('oz-plan.1')).toContain('\n\\fBoutputs\\fR\n');
    expect(sectionOf('oz-check.1')).toContain('\n\\fBdifferences\\fR\n');
  });

  it('pleases mandoc', () => {
    const names = Object.keys(pages);
    const args = ['-Tlint', '-Wwarning', ...names];
    const { status, stdout, error } = spawnSync('mandoc', args, {
      cwd: directory,
      encoding: 'utf8',
    });
    expect([error, status, stdout]).toEqual([undefined, 0, '']);
  });
});
