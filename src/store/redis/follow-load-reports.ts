// Follows load reports: each message carries its report, and the poll asks for all after the last sequence that the poll
// itself has seen. Messages do not move that cursor, so a lost one is found by the next poll.

import type { StoredLoadReport } from '../../model/load-report.ts';
import type { Subscription } from '../configuration-store.ts';
import { parseStoredLoadReport } from '../load-report-text.ts';
import { startPoll } from '../poll.ts';
import type { RedisConnection } from './connection.ts';
import { CHANNELS, KEYS } from './keys.ts';

export type FollowLoadOptions = {
  readonly pollIntervalMs: number;
  readonly listener: (reports: readonly StoredLoadReport[]) => void;
  readonly onError: (error: Error) => void;
};

/** How many reports one command fetches, and one poll. */
const REPORT_BATCH_LIMIT = 1000;
const REPORT_LIMIT = 100_000;

export function followRedisLoadReports(options: FollowLoadOptions, connection: RedisConnection): Subscription {
  let cursor = 0;
  const delivered = new Map<string, number>();
  const poll = startPoll({
    intervalMs: options.pollIntervalMs,
    read: readNews,
    deliver,
    onError: options.onError,
  });
  const messages = connection.subscribe(CHANNELS.load, (payload) => {
    const report = parseStoredLoadReport(payload.toString());
    if (report) deliver([report]);
  });
  const parts = [poll, messages, connection.onReady(poll.wake)];
  return { close: () => parts.forEach((part) => void part.close()) };

  async function readNews(): Promise<readonly StoredLoadReport[]> {
    return connection.call(async (redis) => {
      const last = Number((await redis.get(KEYS.loadLast)) ?? 0);
      if (last === cursor) return [];
      // An emptied store whose clock is behind counts from a lower number: everything is news again.
      if (last < cursor) {
        cursor = 0;
        delivered.clear();
      }
      const subjects = await redis.zrangebyscore(KEYS.loadOrder, `(${cursor}`, '+inf', 'LIMIT', 0, REPORT_LIMIT);
      const reports: StoredLoadReport[] = [];
      for (let start = 0; start < subjects.length; start += REPORT_BATCH_LIMIT) {
        const texts = await redis.hmget(KEYS.load, ...subjects.slice(start, start + REPORT_BATCH_LIMIT));
        reports.push(...texts.flatMap((text) => parseStoredLoadReport(text ?? '') ?? []));
      }
      cursor = last;
      return reports;
    });
  }

  function deliver(reports: readonly StoredLoadReport[]): void {
    const news = reports.filter((report) => report.sequence > (delivered.get(report.subject) ?? 0));
    for (const report of news) delivered.set(report.subject, report.sequence);
    if (delivered.size > REPORT_LIMIT) delivered.clear();
    if (news.length > 0) options.listener(news);
  }
}
