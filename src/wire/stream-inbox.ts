// What the peer of a stream has sent and nobody has read yet: messages behind a two-byte length (RFC 1035 section 4.2.2), in
// pieces of any size. Room doubles when it is used up, so that a message in single bytes costs no more than twice what it is
// long.

export const LENGTH_BYTES = 2;

export class StreamInbox {
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;

  /** Bytes that have not been taken. */
  get length(): number {
    return this.#end - this.#start;
  }

  append(chunk: Uint8Array): void {
    if (this.length === 0) {
      // Kept as it is: what comes behind it goes into a copy, for there is no room left in it.
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      return;
    }
    if (this.#end + chunk.length > this.#bytes.length) this.#makeRoom(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The next message, if all of it is there: good until the next append. */
  take(): Uint8Array | undefined {
    if (this.length < LENGTH_BYTES) return undefined;
    const start = this.#start + LENGTH_BYTES;
    const end = start + (((this.#bytes[this.#start] ?? 0) << 8) | (this.#bytes[this.#start + 1] ?? 0));
    if (end > this.#end) return undefined;
    this.#start = end;
    return this.#bytes.subarray(start, end);
  }

  #makeRoom(bytes: number): void {
    const larger = new Uint8Array(2 * (this.length + bytes));
    larger.set(this.#bytes.subarray(this.#start, this.#end));
    this.#end = this.length;
    this.#start = 0;
    this.#bytes = larger;
  }
}
