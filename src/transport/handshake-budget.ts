// How many TLS handshakes an answer thread makes: each costs as much of the processor as a hundred queries or more, and
// queries by UDP are answered on the same thread. A flood of handshakes is to cost those who make it, and no one else.

export type HandshakeBudget = {
  /** One handshake at `nowMs`, a clock that never goes back. False where there is none left. */
  take(nowMs: number): boolean;
};

/** So many a second, and as many at once after a quiet second. */
export function createHandshakeBudget(perSecond: number, startMs: number): HandshakeBudget {
  let left = perSecond;
  let lastMs = startMs;
  return {
    take(nowMs) {
      left = Math.min(perSecond, left + ((nowMs - lastMs) / 1000) * perSecond);
      lastMs = nowMs;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
