// Looks for an expected text in bytes as they come, in the first MAX_ANSWER_BYTES of them. Each byte costs once, in however
// many pieces they come.

import { compilePattern, type PatternProgram } from '../model/monitors/compile-pattern.ts';
import { PatternMatcher } from '../model/monitors/match-pattern.ts';
import type { ExpectedText } from '../model/monitors/monitor-fields.ts';
import { MAX_ANSWER_BYTES } from './observe.ts';

/** `more`: not yet, but what comes may still hold it. */
export type Finding = 'found' | 'missing' | 'more';

export type TextFinder = {
  push(bytes: Uint8Array): Finding;
  /** Nothing comes any more. */
  finish(): Finding;
};

export function createTextFinder(expected: ExpectedText): TextFinder {
  const search = typeof expected === 'string' ? searchText(Buffer.from(expected)) : searchPattern(expected);
  let length = 0;
  let finding: Finding = search.push(new Uint8Array(0)) ? 'found' : 'more';
  return {
    push(bytes) {
      if (finding !== 'more') return finding;
      const part = bytes.subarray(0, MAX_ANSWER_BYTES - length);
      length += part.length;
      if (search.push(part)) finding = 'found';
      else if (length === MAX_ANSWER_BYTES) finding = 'missing';
      return finding;
    },
    finish() {
      if (finding === 'more') finding = search.finish() ? 'found' : 'missing';
      return finding;
    },
  };
}

/** Whether a text that is there as a whole is as expected. */
export function isExpectedText(text: string, expected: ExpectedText): boolean {
  if (typeof expected === 'string') return text === expected;
  const finder = createTextFinder(expected);
  return finder.push(Buffer.from(text)) === 'found' || finder.finish() === 'found';
}

type Search = { push(bytes: Uint8Array): boolean; finish(): boolean };

function searchText(wanted: Buffer): Search {
  const received = Buffer.alloc(MAX_ANSWER_BYTES);
  let length = 0;
  return {
    push(bytes) {
      // What could have begun before these bytes came.
      const from = Math.max(0, length - wanted.length + 1);
      received.set(bytes, length);
      length += bytes.length;
      return received.subarray(from, length).includes(wanted);
    },
    finish: () => false,
  };
}

/** By what the configuration holds, which stays the same object for as long as it is in force. */
const programs = new WeakMap<object, PatternProgram>();

function searchPattern(expected: { readonly matches: string }): Search {
  let program = programs.get(expected);
  if (program === undefined) {
    const compiled = compilePattern(expected.matches);
    // The model refuses such patterns.
    if (!compiled.ok) throw new Error(compiled.fault);
    program = compiled.program;
    programs.set(expected, program);
  }
  return new PatternMatcher(program);
}
