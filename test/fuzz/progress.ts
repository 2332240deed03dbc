// What a long run says on standard error while it goes on.

export type Progress = {
  tell(done: number, count: number): void;
  /** A fault, and the turn that shows it again. */
  fault(text: string, turn: number, hex: string): void;
};

const TELL_EVERY_MS = 5000;

export function createProgress(what: string, seed: number): Progress {
  const beganMs = performance.now();
  let toldMs = beganMs;
  const say = (text: string) => process.stderr.write(`fuzz: ${text}\n`);
  return {
    tell(done, count) {
      const nowMs = performance.now();
      if (nowMs - toldMs < TELL_EVERY_MS && done < count) return;
      toldMs = nowMs;
      const perSecond = done / ((nowMs - beganMs) / 1000);
      const left = Math.ceil(Math.max(0, count - done) / Math.max(1, perSecond));
      const percent = ((100 * done) / count).toFixed(1);
      const rate = Math.round(perSecond).toLocaleString('en');
      say(`${what}: ${done.toLocaleString('en')} (${percent} %), ${rate} a second, ${formatSeconds(left)} left`);
    },
    fault(text, turn, hex) {
      say(`${text}\n  again: npm run fuzz -- --seed ${seed} --turn ${turn} --hex ${hex}`);
    },
  };
}

function formatSeconds(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
