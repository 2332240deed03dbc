// The load view of a node: the latest report of every subject, with when this node saw it arrive. Freshness is counted by
// this node's own clock, as with health.

import type { Logger } from 'pino';
import { type FreshReports, LOAD_REPORT_FRESH_MS } from '../load/apply-reports.ts';
import type { LoadReport, StoredLoadReport } from '../model/load-report.ts';
import type { Subscription } from '../store/configuration-store.ts';
import type { HealthStore } from '../store/health-store.ts';

export type LoadViewDependencies = {
  readonly health: Pick<HealthStore, 'followLoadReports'>;
  readonly logger: Logger;
  /** With the subjects that were reported anew. */
  readonly onReports: (subjects: readonly string[]) => void;
};

export type SeenReport = { readonly report: LoadReport; readonly ageMs: number };

export class LoadView {
  readonly #dependencies: LoadViewDependencies;
  readonly #seen = new Map<string, { report: StoredLoadReport; seenAtMs: number }>();
  #subscription: Subscription | undefined;

  constructor(dependencies: LoadViewDependencies) {
    this.#dependencies = dependencies;
  }

  start(): void {
    const { health, logger } = this.#dependencies;
    this.#subscription = health.followLoadReports(
      (reports) => this.#accept(reports),
      (error) => logger.warn({ err: error }, 'load cannot be followed: it counts as unknown once reports are old'),
    );
  }

  stop(): void {
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
    const news = reports.filter(({ subject, sequence }) => sequence > (this.#seen.get(subject)?.report.sequence ?? -1));
    const seenAtMs = performance.now();
    for (const report of news) this.#seen.set(report.subject, { report, seenAtMs });
    if (news.length > 0) this.#dependencies.onReports(news.map(({ subject }) => subject));
  }
}
