// What the peer of a stream has sent and nobody has read yet: messages behind a two-byte length (RFC 1035 section 4.2.2), in
// pieces of any size. Room doubles when it is used up, so that a message in single bytes costs no more than twice what it is
// long.

export const LENGTH_BYTES = 2;

export class StreamInbox {
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  /** Bytes that have not been taken. */
  get length(): number {
    return this.#end - this.#start;
  }

  append(chunk: Buffer): void {
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
  take(): Buffer | undefined {
    if (this.length < LENGTH_BYTES) return undefined;
    const start = this.#start + LENGTH_BYTES;
    const end = start + this.#bytes.readUInt16BE(this.#start);
    if (end > this.#end) return undefined;
    this.#start = end;
    return this.#bytes.subarray(start, end);
  }

  #makeRoom(bytes: number): void {
    const larger = Buffer.allocUnsafe(2 * (this.length + bytes));
    this.#bytes.copy(larger, 0, this.#start, this.#end);
    this.#end = this.length;
    this.#start = 0;
    this.#bytes = larger;
  }
}
