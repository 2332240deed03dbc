// Keeps the last verdicts on disk, so that a node that starts without the store does not hand out what it knew to be dead.
// Only what was judged is kept, not the evidence: that is for fresh votes to give.

import type { Logger } from 'pino';
import { type KeptVerdict, restoreVerdict, type Verdict, type Verdicts } from '../health/verdict.ts';
import { readPersistedState, writePersistedState } from '../store/persisted-state.ts';

const STATE_NAME = 'verdicts';
/** Verdicts may turn many at a time: they are written together. */
const WRITE_DELAY_MS = 1000;

export class VerdictKeeper {
  readonly #directory: string;
  readonly #logger: Logger;
  #latest: Verdicts | undefined;
  /** What is on disk: evidence may change with every check, what was judged seldom does. */
  #kept: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isFailing = false;

  constructor(directory: string, logger: Logger) {
    this.#directory = directory;
    this.#logger = logger;
  }

  keep(verdicts: Verdicts): void {
    this.#latest = verdicts;
    // Keeps no process alive, for one that ends flushes.
    this.#timer ??= setTimeout(() => void this.#writeWhenDue(), WRITE_DELAY_MS).unref();
  }

  /** Writes what is there, as when the node stops. */
  async flush(verdicts: Verdicts): Promise<void> {
    clearTimeout(this.#timer);
    if (verdicts.size > 0) this.#latest = verdicts;
    await this.#write();
  }

  /** However long the disk takes, one write is due at a time. */
  async #writeWhenDue(): Promise<void> {
    await this.#write();
    this.#timer = undefined;
    if (this.#latest !== undefined) this.keep(this.#latest);
  }

  #write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeLatest());
    return this.#writing;
  }

  async #writeLatest(): Promise<void> {
    if (this.#latest === undefined) return;
    const latest = this.#latest;
    const kept: KeptVerdict[] = Array.from(latest.values(), ({ target, verdict, sinceMs }) => {
      return { target, verdict, sinceMs };
    });
    this.#latest = undefined;
    const text = JSON.stringify(kept);
    if (text === this.#kept) return;
    try {
      await writePersistedState(this.#directory, STATE_NAME, kept);
      this.#kept = text;
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#logger.error({ err: error }, 'the verdicts could not be kept on disk');
      this.#isFailing = true;
      // Nobody gives it once more: the next turn may be weeks away.
      this.#latest ??= latest;
    }
  }
}

/** What an earlier life of this node judged; nothing when there is no such file, or it cannot be read. */
export async function readVerdicts(directory: string, logger: Logger): Promise<Verdict[]> {
  const read = await readPersistedState(directory, STATE_NAME);
  if (read.status === 'damaged') logger.warn({ problems: read.problems }, 'earlier verdicts are not used');
  if (read.status !== 'read' || !Array.isArray(read.value)) return [];
  return read.value.filter(isKeptVerdict).map(restoreVerdict);
}

function isKeptVerdict(value: unknown): value is KeptVerdict {
  if (typeof value !== 'object' || value === null) return false;
  const { target, verdict, sinceMs } = value as Record<string, unknown>;
  return (
    typeof target === 'string' &&
    (verdict === 'up' || verdict === 'down' || verdict === 'unknown') &&
    typeof sinceMs === 'number'
  );
}
