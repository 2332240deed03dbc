// What is written in C is kept small: whoever must read it is no specialist in it.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT, readSources } from './sources.ts';

const MAX_LINES = 500;
const MAX_COLUMNS = 130;

test(`the addon has less than ${MAX_LINES} lines, none of them long, and every file says first what it is`, () => {
  const texts = globSync(join(ROOT, 'src/native/*.[ch]')).map((file) => readFileSync(file, 'utf8'));
  assert.ok(texts.length > 0);
  const lines = texts.flatMap((text) => text.trimEnd().split('\n'));
  assert.ok(lines.length < MAX_LINES, `${lines.length} lines`);
  for (const line of lines) assert.ok(line.length <= MAX_COLUMNS, line);
  for (const text of texts) assert.match(text, /^\/\* \S/);
});

test("Node's HTTP is taken from src/native/http.ts: imported by name it loads a client that nobody uses", () => {
  const named = readSources('src').filter(({ text }) => /^import (?!type\b).*from 'node:http';$/m.test(text));
  assert.deepEqual(
    named.map(({ path }) => path),
    [],
  );
});
