// The load view of a node: the latest report of every subject, with when this node saw it arrive. Freshness is counted by
// this node's own clock, as with health.

import type { Logger } from 'pino';
import { type FreshReports, LOAD_REPORT_FRESH_MS } from '../load/apply-reports.ts';
import type { LoadReport, StoredLoadReport } from '../model/load-report.ts';
import type { Subscription } from '../store/configuration-store.ts';
import type { HealthStore } from '../store/health-store.ts';
import { describeFailure } from '../store/store-error.ts';

export type LoadViewDependencies = {
  readonly health: Pick<HealthStore, 'followLoadReports'>;
  readonly logger: Logger;
  /** With the subjects that were reported anew. */
  readonly onReports: (subjects: readonly string[]) => void;
};

export type SeenReport = { readonly report: LoadReport; readonly ageMs: number };

/** Subjects remembered; beyond it, those that have been silent longest go first. */
export const MAX_SUBJECTS = 100_000;
/** Thousands may report every few seconds, each with a message of its own: they are told of together. */
const GATHER_MS = 50;

export class LoadView {
  readonly #dependencies: LoadViewDependencies;
  /** In the order of their arrival: the first is the longest silent. */
  readonly #seen = new Map<string, { report: StoredLoadReport; seenAtMs: number }>();
  readonly #renewed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #subscription: Subscription | undefined;

  constructor(dependencies: LoadViewDependencies) {
    this.#dependencies = dependencies;
  }

  start(): void {
    const { health, logger } = this.#dependencies;
    this.#subscription = health.followLoadReports(
      (reports) => this.#accept(reports),
      (error) =>
        logger.warn(describeFailure(error), 'load cannot be followed: it counts as unknown once reports are old'),
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#subscription?.close();
  }

  listReports(): SeenReport[] {
    const nowMs = performance.now();
    return Array.from(this.#seen.values(), ({ report, seenAtMs }) => ({ report, ageMs: nowMs - seenAtMs }));
  }

  freshReports(): FreshReports {
    const fresh = this.listReports().filter(({ ageMs }) => ageMs < LOAD_REPORT_FRESH_MS);
    return new Map(fresh.map(({ report }) => [report.subject, report]));
  }

  #accept(reports: readonly StoredLoadReport[]): void {
    const nowMs = performance.now();
    const news = reports.filter((report) => this.#isNews(report, nowMs));
    // A node that starts finds reports of long ago. Sequences follow the store's clock, so that how old they are can be told
    // from each other, and from nothing else.
    const newest = news.reduce((latest, { sequence }) => Math.max(latest, sequence), 0);
    for (const report of news) {
      this.#seen.delete(report.subject);
      this.#seen.set(report.subject, { report, seenAtMs: nowMs - (newest - report.sequence) });
      this.#renewed.add(report.subject);
    }
    for (const subject of this.#seen.keys()) {
      if (this.#seen.size <= MAX_SUBJECTS) break;
      this.#seen.delete(subject);
      this.#renewed.delete(subject);
    }
    if (news.length > 0) this.#timer ??= setTimeout(() => this.#tell(), GATHER_MS);
  }

  /** A store that was lost may count from a lower number: what is stale here does not stand in its way. */
  #isNews({ subject, sequence }: StoredLoadReport, nowMs: number): boolean {
    const known = this.#seen.get(subject);
    if (known === undefined || sequence > known.report.sequence) return true;
    return sequence < known.report.sequence && nowMs - known.seenAtMs >= LOAD_REPORT_FRESH_MS;
  }

  #tell(): void {
    this.#timer = undefined;
    const renewed = [...this.#renewed];
    this.#renewed.clear();
    this.#dependencies.onReports(renewed);
  }
}
