import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLogger } from '../../../src/telemetry/create-logger.ts';

function capture() {
  const lines: string[] = [];
  return { lines, stream: { write: (line: string) => void lines.push(line) } };
}

describe('createLogger', () => {
  test('json is one object a line, with the level as a word and the time in ISO 8601', () => {
    const { lines, stream } = capture();
    createLogger({ level: 'info', format: 'json' }, stream).info({ revision: '1.2' }, 'serving a new revision');
    const [line = '', ...others] = lines;
    const { level, time, revision, msg } = JSON.parse(line);
    assert.deepEqual([level, revision, msg, others], ['info', '1.2', 'serving a new revision', []]);
    assert.equal(new Date(time).toISOString(), time);
  });

  test('what is below the level is not written', () => {
    const { lines, stream } = capture();
    const log = createLogger({ level: 'warn', format: 'json' }, stream);
    log.info('no');
    log.warn('yes');
    assert.equal(lines.length, 1);
  });

  test('pretty is for people: no JSON, no process id', () => {
    const { lines, stream } = capture();
    createLogger({ level: 'info', format: 'pretty' }, stream).info({ zones: 2 }, 'loaded');
    assert.match(lines.join(''), /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: loaded\n {4}zones: 2\n$/);
  });

  test('secrets are cut out, at the top and one level down', () => {
    const { lines, stream } = capture();
    const log = createLogger({ level: 'info', format: 'json' }, stream);
    log.info({ token: 'hush', request: { authorization: 'Bearer hush' }, zone: 'a.example' }, 'x');
    assert.doesNotMatch(lines.join(''), /hush/);
    assert.match(lines.join(''), /a\.example/);
  });
});
