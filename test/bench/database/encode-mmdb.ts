// Values as a MaxMind DB file holds them (format 2.0, "Output Data Section"), for files of millions of records: texts and keys
// are written once and pointed at from then on, as the files that one buys do it.

const POINTER = 1;
const TEXT = 2;
const DOUBLE = 3;
const UINT16 = 5;
const UINT32 = 6;
const MAP = 7;
const UINT64 = 9;
const ARRAY = 11;

const INITIAL_BYTES = 1 << 24;
/** What one value takes at most: a text of 285 bytes, which no name of a place reaches. */
const MAX_VALUE_BYTES = 320;
/** The form of pointer that holds 32 bits. */
const LONG_POINTER = 3;

/** The data section, as it grows. */
export class MmdbData {
  #bytes = Buffer.alloc(INITIAL_BYTES);
  #length = 0;
  readonly #texts = new Map<string, number>();

  get length(): number {
    return this.#length;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Writes a text ahead of whatever will point at it. */
  prepare(text: string): void {
    if (this.#texts.has(text)) return;
    this.#texts.set(text, this.#length);
    this.text(text);
  }

  /** A text in place. */
  text(text: string): void {
    const size = Buffer.byteLength(text);
    this.#control(TEXT, size);
    this.#bytes.write(text, this.#length);
    this.#length += size;
  }

  /** A pointer to a text that was prepared. */
  shared(text: string): void {
    const at = this.#texts.get(text);
    if (at === undefined) throw new Error(`"${text}" was not prepared`);
    this.#reserve();
    this.#bytes[this.#length] = (POINTER << 5) | (LONG_POINTER << 3);
    this.#length = this.#bytes.writeUInt32BE(at, this.#length + 1);
  }

  /** The entries follow: a key, a value, and so on. */
  map(entries: number): void {
    this.#control(MAP, entries);
  }

  /** The items follow. */
  array(items: number): void {
    this.#control(ARRAY, items);
  }

  double(value: number): void {
    this.#control(DOUBLE, 8);
    this.#length = this.#bytes.writeDoubleBE(value, this.#length);
  }

  uint(bits: 16 | 32 | 64, value: number): void {
    const type = bits === 16 ? UINT16 : bits === 32 ? UINT32 : UINT64;
    this.#control(type, bits / 8);
    if (bits === 64) this.#length = this.#bytes.writeBigUInt64BE(BigInt(value), this.#length);
    else this.#length = this.#bytes.writeUIntBE(value, this.#length, bits / 8);
  }

  /** Types from 8 on have their number in a second byte, sizes from 29 on what is above in a third. */
  #control(type: number, size: number): void {
    this.#reserve();
    const inFirst = Math.min(size, 29);
    this.#bytes[this.#length++] = type <= MAP ? (type << 5) | inFirst : inFirst;
    if (type > MAP) this.#bytes[this.#length++] = type - MAP;
    if (size >= 29 + 256) throw new RangeError(`a value of ${size} bytes is longer than any name of a place`);
    if (size >= 29) this.#bytes[this.#length++] = size - 29;
  }

  #reserve(): void {
    if (this.#length + MAX_VALUE_BYTES <= this.#bytes.length) return;
    const larger = Buffer.alloc(this.#bytes.length * 2);
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }
}
