// House style, held over every source. Each rule is first shown an offender of its own, so that a rule that no longer
// catches anything fails here, and then the project.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  findBarrels,
  findCycles,
  findDefaultExports,
  findEmptyNames,
  findForbiddenImports,
  findImpurities,
  findLongFiles,
  findLooseTypes,
  findMissingHeaders,
} from './rules.ts';
import { importsOf, readSources, type Source } from './sources.ts';

const SOURCES = readSources('src');

const file = (path: string, text: string): Source => ({ path, text });

function holds(title: string, rule: (sources: readonly Source[]) => readonly string[], offenders: readonly Source[]) {
  test(title, () => {
    for (const offender of offenders) {
      assert.equal(
        rule([offender]).length,
        1,
        `the rule misses its offender ${offender.path}: ${offender.text.slice(0, 80)}`,
      );
    }
    assert.deepEqual(rule(SOURCES), []);
  });
}

describe('house style', () => {
  test('the sources are found at all', () => {
    assert.ok(SOURCES.some(({ path }) => path === 'src/model/settings.ts'));
  });

  test('imports are read from every form of import, and not from comments', () => {
    const text = [
      "import { a } from './a.ts';",
      "import type { B } from '../b/b.ts';",
      "export { c } from 'c';",
      "import 'd';",
      "const e = await import('./e.ts');",
      "import {\n  f,\n} from 'f';",
      "const message = `a share from '0%' to '100%'`;",
      "// import { f } from './f.ts';",
      "/* from './g.ts' */",
    ].join('\n');
    assert.deepEqual(importsOf(file('src/x/x.ts', text)), ['src/x/a.ts', 'src/b/b.ts', 'c', 'd', 'f', 'src/x/e.ts']);
  });

  holds('imports point downwards only', findForbiddenImports, [
    file('src/model/a.ts', "import { parse } from '../wire/query.ts';"),
    file('src/wire/a.ts', "import type { A } from '../answer/a.ts';"),
    file('src/snapshot/a.ts', "import { a } from '../answer/a.ts';"),
    file('src/geo/a.ts', "import { readFileSync } from 'node:fs';"),
    file('src/geo/a.ts', "import { Reader } from 'maxmind';"),
    file('src/answer/a.ts', "import { a } from '../transport/a.ts';"),
    file('src/transport/a.ts', "import { a } from '../store/a.ts';"),
    file('src/telemetry/a.ts', "import { a } from '../probe/a.ts';"),
    file('src/roles/a.ts', "import { a } from '../commands/a.ts';"),
    file('src/api/a.ts', "import { a } from '../model/a';"),
    file('src/api/a.ts', "import { a } from '../../test/support/a.ts';"),
    file('src/misplaced/a.ts', "import { a } from '../model/a.ts';"),
  ]);

  test('what the layers allow is not refused', () => {
    const allowed = [
      file('src/model/a.ts', "import { Type } from 'typebox';"),
      file('src/steering/a.ts', "import { a } from '../model/a.ts';"),
      file('src/store/redis/a.ts', "import { a } from '../slot.ts';\nimport Redis from 'ioredis';"),
      file('src/store/a.ts', "import { a } from '../telemetry/a.ts';"),
      file('src/commands/a.ts', "import { a } from '../roles/a.ts';"),
      file('src/main.ts', "import { a } from './commands/a.ts';"),
    ];
    assert.deepEqual(findForbiddenImports(allowed), []);
  });

  test('no file imports itself, directly or through others', () => {
    const circle = [
      file('src/geo/a.ts', "import './b.ts';"),
      file('src/geo/b.ts', "import type { C } from './c.ts';"),
      file('src/geo/c.ts', "import './a.ts';"),
    ];
    assert.deepEqual(findCycles(circle), ['src/geo/a.ts → src/geo/b.ts → src/geo/c.ts → src/geo/a.ts']);
    assert.deepEqual(findCycles(SOURCES), []);
  });

  holds('pure folders have no clock, no chance and no timers', findImpurities, [
    file('src/health/a.ts', 'const now = Date.now();'),
    file('src/steering/a.ts', 'const chance = Math.random();'),
    file('src/answer/a.ts', 'setTimeout(() => {}, 1);'),
  ]);

  holds('nothing is exported as default', findDefaultExports, [
    file('src/api/a.ts', 'export default function a() {}'),
    file('src/api/a.ts', 'export { a as default };'),
  ]);

  holds('no file only re-exports', findBarrels, [
    file('src/api/index.ts', "// All of it.\nexport * from './a.ts';\nexport { b } from './b.ts';\n"),
  ]);

  holds('every file opens with a comment on what it is', findMissingHeaders, [
    file('src/api/a.ts', "import { a } from './a.ts';\n// Too late."),
    file('src/main.ts', '#!/usr/bin/env node\nconst a = 1;'),
  ]);

  holds('no file has more than 400 lines', findLongFiles, [file('src/api/a.ts', 'a;\n'.repeat(401))]);

  holds('there is no any, no enum, and no silenced type error', findLooseTypes, [
    file('src/api/a.ts', 'export const a: any = 1;'),
    file('src/api/a.ts', 'const a = b as any;'),
    file('src/api/a.ts', 'const a: Array<any> = [];'),
    file('src/api/a.ts', 'export enum A { B }'),
    file('src/api/a.ts', '// @ts-expect-error\nconst a: number = "";'),
  ]);

  holds('file names say what is in the file', findEmptyNames, [
    file('src/api/utils.ts', ''),
    file('src/api/connection-manager.ts', ''),
  ]);
});
