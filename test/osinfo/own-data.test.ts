import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { RelaxNGValidator, XmlDocument } from 'libxml2-wasm';
import { describe, expect, it } from 'vitest';
import { type EntityKind, entityPath } from '../../osinfo/database/files.ts';
import { openOsinfo } from '../../osinfo/index.ts';
import { packageFile } from '../../src/base/package-root.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';

const data = packageFile('osinfo', 'data');
const files = readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.xml'),
);

describe('our own data', () => {
  const schema = XmlDocument.fromBuffer(
    readFileSync(`${osinfoEnv.OSINFO_SYSTEM_DIR ?? '/usr/share/osinfo'}/schema/osinfo.rng`),
  );
  const validator = RelaxNGValidator.fromDoc(schema);

  it.each(files)('%s is valid and where it belongs', (name) => {
    const document = XmlDocument.fromBuffer(readFileSync(path.join(data, name)));
    try {
      validator.validate(document);
      const id = String(document.root.eval('string(*/@id)'));
      const kind = String(document.root.eval('name(*)')) as EntityKind;
      const place = name.replace(/^additions\//, '').replace(/\.d\/[^/]*$|\.xml$/, '');
      expect(place).toBe(entityPath(kind, id));
    } finally {
      document.dispose();
    }
  });

  it('refers to nothing that is not there', () => {
    const warnings: string[] = [];
    const database = openOsinfo({ env: osinfoEnv, onWarning: (message) => warnings.push(message) });
    for (const os of database.oses('debian.org')) {
      for (const id of [...os.derivesFrom, ...os.clones, ...os.upgrades]) {
        expect([id, database.os(id)?.id]).toEqual([id, id]);
      }
    }
    expect(warnings).toEqual([]);
  });
});
