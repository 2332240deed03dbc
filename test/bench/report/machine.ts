// The machine that a part was measured on.

import { cpus, loadavg, totalmem } from 'node:os';
import { round } from '../figures.ts';
import type { Machine } from './report.ts';

export function describeMachine(): Machine {
  return {
    processors: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    memoryGigabytes: Math.round(totalmem() / 1e9),
    loadBefore: round(loadavg()[0] ?? 0, 2),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}
