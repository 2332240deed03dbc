import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatProblems, type Locate, type ReadDocument, readDocument } from '../../../src/documents/read-document.ts';

const TEXT = `# a comment
clusters:
  - id: web
    region: eu-wst
  - { id: b, region: us }
`;

function read(text: string): ReadDocument {
  return readDocument(text);
}

function locateIn(text: string): Locate {
  const parsed = read(text);
  assert.ok(parsed.ok);
  return parsed.locate;
}

function messagesOf(text: string): readonly string[] {
  const parsed = read(text);
  return parsed.ok ? [] : formatProblems(parsed.problems, () => undefined, 'test.yaml');
}

describe('readDocument', () => {
  it('reads YAML and JSON into the same values', () => {
    const yaml = read(TEXT);
    const json = read('{"clusters":[{"id":"web","region":"eu-wst"},{"id":"b","region":"us"}]}');
    assert.ok(yaml.ok && json.ok);
    assert.deepEqual(yaml.document, json.document);
  });

  it('takes no and 012 for what they say, even under a %YAML 1.1 directive', () => {
    const parsed = read('%YAML 1.1\n---\ncountry: no\nport: 012\nday: 2026-01-01');
    assert.deepEqual(parsed.ok && parsed.document, { country: 'no', port: 12, day: '2026-01-01' });
  });

  it('locates keys and items by line and column', () => {
    const locate = locateIn(TEXT);
    assert.deepEqual(locate('/clusters/0/region'), { line: 4, column: 5 });
    assert.deepEqual(locate('/clusters/1'), { line: 5, column: 5 });
    assert.deepEqual(locate('/clusters/1/region'), { line: 5, column: 14 });
  });

  it('locates what is missing at the nearest thing around it', () => {
    const locate = locateIn(TEXT);
    assert.deepEqual(locate('/clusters/0/monitor'), { line: 3, column: 5 });
    assert.deepEqual(locate('/zones'), { line: 2, column: 1 });
  });

  it('locates keys that a pointer must escape, and follows aliases', () => {
    const locate = locateIn('a/b~c: &x { d: 1 }\ne: *x\n');
    assert.deepEqual(locate('/a~1b~0c'), { line: 1, column: 1 });
    assert.deepEqual(locate('/e/d'), { line: 1, column: 13 });
  });

  it('names line and column of faults in the syntax', () => {
    assert.deepEqual(messagesOf('a: 1\nb: 2\na: 3\n'), [
      'test.yaml:3:1: this key is in the same mapping already: keep one of the two.',
    ]);
    assert.deepEqual(messagesOf('a:\n\tb: 1'), ['test.yaml:2:1: YAML is indented by spaces, never by tabs.']);
    assert.match(messagesOf('a: [1\nb: 2\n')[0] ?? '', /^test\.yaml:2:1: /);
    assert.match(messagesOf('a: 1\n---\nb: 2\n')[0] ?? '', /several documents/);
    assert.match(messagesOf('a: !secret x')[0] ?? '', /^test\.yaml:1:4: Unresolved tag: !secret/);
  });

  it('refuses an empty file', () => {
    for (const text of ['', '# nothing\n']) assert.match(messagesOf(text)[0] ?? '', /^test\.yaml: the file is empty/);
  });

  it('refuses aliases that would fill the memory, and those within their own anchor', () => {
    const ten = (item: string) => Array.from({ length: 10 }, () => item).join(', ');
    const laughs = `a: &a [${ten('1')}]\nb: &b [${ten('*a')}]\nc: &c [${ten('*b')}]\nd: &d [${ten('*c')}]\ne: [${ten('*d')}]`;
    assert.match(messagesOf(laughs)[0] ?? '', /alias/i);
    assert.match(messagesOf('a: &a [*a, *a, *a]')[0] ?? '', /own anchor/);
    assert.match(messagesOf('a: *nowhere')[0] ?? '', /alias/);
  });

  it('refuses what is nested deeper than any configuration', () => {
    for (const part of ['[', '- ', '{a: ', '? ']) assert.equal(read(part.repeat(3000)).ok, false);
    assert.match(messagesOf(`${'['.repeat(65)}${']'.repeat(65)}`)[0] ?? '', /64 deep/);
    assert.ok(read(`${'['.repeat(64)}${']'.repeat(64)}`).ok);
  });

  it('refuses a text above the limit without looking into it', () => {
    assert.match(messagesOf(`a: "${'x'.repeat(33_554_432)}"`)[0] ?? '', /has more than 33554432 characters/);
  });

  it('takes a larger one if it is JSON', () => {
    const large = read(JSON.stringify({ a: 'x'.repeat(33_554_432) }));
    assert.ok(large.ok && large.locate('/a') === undefined);
    assert.equal(read(`{"a":${'['.repeat(70)}${']'.repeat(70)},"b":"${'x'.repeat(33_554_432)}"}`).ok, false);
  });

  it('never throws, whatever the text', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[-?:,[\]{}#&*!|>'"%@` \nab0]{0,40}$/));
    fc.assert(
      fc.property(text, (value) => assert.equal(typeof read(value).ok, 'boolean')),
      { numRuns: 500 },
    );
  });
});

describe('formatProblems', () => {
  it('writes file, line, column, path and message', () => {
    const problems = [
      { path: '/clusters/0/region', message: 'no region has the id "eu-wst"; did you mean "eu-west"?' },
    ];
    assert.deepEqual(formatProblems(problems, locateIn(TEXT), 'config/example.yaml'), [
      'config/example.yaml:4:5 /clusters/0/region: no region has the id "eu-wst"; did you mean "eu-west"?',
    ]);
  });
});
