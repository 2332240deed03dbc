// Load reports as several servers tell them. Each gives a report a number of its own, mostly the same (see health.ts); where
// their clocks differ, the same report comes once more with a greater one, and must not count as news: what clusters were
// handed since the first would be forgotten.

import type { StoredLoadReport } from '../../model/load-report.ts';
import type { Subscription } from '../configuration-store.ts';
import type { HealthStore } from '../health-store.ts';
import { composeLoadReport } from '../load-report-text.ts';

/** The same words within this time are the same report: that it comes from the poll of another server at the latest. */
const REPEAT_MS = 1500;
const SUBJECT_LIMIT = 100_000;

type Heard = { sequence: number; readonly text: string; readonly atMs: number };

export function followMergedLoadReports(
  sources: readonly Pick<HealthStore, 'followLoadReports'>[],
  listener: (reports: readonly StoredLoadReport[]) => void,
  onError: (error: Error) => void,
): Subscription {
  const heard = new Map<string, Heard>();
  const failing = new Set<number>();
  const parts = sources.map((source, place) =>
    source.followLoadReports(
      (reports) => {
        failing.delete(place);
        const news = reports.filter(isNews);
        if (news.length > 0) listener(news);
      },
      (error) => {
        failing.add(place);
        if (failing.size === sources.length) onError(error);
      },
    ),
  );
  return { close: () => parts.forEach((part) => void part.close()) };

  function isNews(report: StoredLoadReport): boolean {
    const known = heard.get(report.subject);
    if (known !== undefined && report.sequence <= known.sequence) return false;
    const [text, atMs] = [composeLoadReport(report), performance.now()];
    if (known?.text === text && atMs - known.atMs < REPEAT_MS) {
      known.sequence = report.sequence;
      return false;
    }
    if (heard.size > SUBJECT_LIMIT) heard.clear();
    heard.set(report.subject, { sequence: report.sequence, text, atMs });
    return true;
  }
}
