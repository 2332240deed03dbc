// Runs a pattern over bytes as they come, all its possibilities side by side: each byte is looked at once, at a cost that the
// size of the program bounds, however often the pattern could have begun anew. So a server that sends its answer byte by
// byte, or one that makes others backtrack for years ((a+)+$ against many a), costs what any other does.
//
//    before a byte     follow splits and jumps from every place, and from the beginning (a match may begin anywhere)
//    with the byte     every place whose set has it moves on by one

import { OP_END, OP_JUMP, OP_MATCH, OP_SET, OP_SPLIT, OP_START, type PatternProgram } from './compile-pattern.ts';

/** Where the text goes on after the places that are being followed. */
type Edge = 'more' | 'end' | 'unknown';

export class PatternMatcher {
  readonly #program: PatternProgram;
  /** Places behind those that took the last byte, and the sets that splits and jumps lead to from there. */
  readonly #places: Uint16Array;
  #placeCount = 0;
  readonly #reached: Uint16Array;
  #reachedCount = 0;
  /** The turn in which a place was last reached: no place twice in one. */
  readonly #turns: Uint32Array;
  readonly #stack: Uint16Array;
  #turn = 0;
  #isAtStart = true;
  #hasMatched = false;

  constructor(program: PatternProgram) {
    const steps = program.ops.length;
    this.#program = program;
    this.#places = new Uint16Array(steps);
    this.#reached = new Uint16Array(steps);
    this.#turns = new Uint32Array(steps);
    // A place is put there by another that is followed for the first time, by two ways at most.
    this.#stack = new Uint16Array(2 * steps + 2);
  }

  /** Whether it has matched by now. */
  push(bytes: Uint8Array): boolean {
    for (let index = 0; index < bytes.length && !this.#hasMatched; index++) this.#step(bytes[index] ?? 0);
    if (!this.#hasMatched) this.#follow('unknown');
    return this.#hasMatched;
  }

  /** Nothing comes any more: only now `$` can match. */
  finish(): boolean {
    if (!this.#hasMatched) this.#follow('end');
    return this.#hasMatched;
  }

  #step(byte: number): void {
    this.#follow('more');
    if (this.#hasMatched) return;
    const { targets, sets } = this.#program;
    let count = 0;
    for (let index = 0; index < this.#reachedCount; index++) {
      const place = this.#reached[index] ?? 0;
      const word = sets[(targets[place] ?? 0) + (byte >>> 5)] ?? 0;
      if (((word >>> (byte & 31)) & 1) === 1) this.#places[count++] = place + 1;
    }
    this.#placeCount = count;
    this.#isAtStart = false;
  }

  #follow(edge: Edge): void {
    this.#turn++;
    this.#reachedCount = 0;
    for (let index = 0; index < this.#placeCount; index++) this.#reach(this.#places[index] ?? 0, edge);
    this.#reach(0, edge);
  }

  #reach(from: number, edge: Edge): void {
    const { ops, targets, others } = this.#program;
    if (ops[from] === OP_SET) {
      // Most places are such, and lead nowhere without a byte.
      if (this.#turns[from] !== this.#turn) this.#reached[this.#reachedCount++] = from;
      this.#turns[from] = this.#turn;
      return;
    }
    const stack = this.#stack;
    let height = 0;
    stack[height++] = from;
    while (height > 0) {
      const place = stack[--height] ?? 0;
      if (this.#turns[place] === this.#turn) continue;
      this.#turns[place] = this.#turn;
      switch (ops[place]) {
        case OP_SPLIT:
          stack[height++] = others[place] ?? 0;
          stack[height++] = targets[place] ?? 0;
          break;
        case OP_JUMP:
          stack[height++] = targets[place] ?? 0;
          break;
        case OP_START:
          if (this.#isAtStart) stack[height++] = place + 1;
          break;
        case OP_END:
          if (edge === 'end') stack[height++] = place + 1;
          break;
        case OP_MATCH:
          this.#hasMatched = true;
          break;
        default:
          this.#reached[this.#reachedCount++] = place;
      }
    }
  }
}
