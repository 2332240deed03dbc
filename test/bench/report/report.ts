// What a part of the bench gives back, and what a run of it writes: figures for programs, tables and plots for people. The
// written form holds all of them, so that a plot or a page can be made again from it without measuring.

import type { Plot } from './plot.ts';
import type { Table } from './table.ts';

export type PartResult = {
  /** Everything that was measured. */
  readonly figures: object;
  readonly tables: readonly Table[];
  readonly plots?: readonly Plot[];
  /** Sentences: how it was measured, what was left out, and why. */
  readonly notes: readonly string[];
};

export type Machine = {
  readonly processors: number;
  readonly model: string;
  readonly memoryGigabytes: number;
  /** The load average before the part began. Above 0 where other work shares the machine: figures are worse for it. */
  readonly loadBefore: number;
  readonly node: string;
  readonly platform: string;
};

export type PartReport = PartResult & {
  /** ISO 8601. */
  readonly date: string;
  readonly tookSeconds: number;
  readonly machine: Machine;
  /** By server: those that are installed. */
  readonly versions: Readonly<Record<string, string>>;
};

export type Report = { readonly parts: Readonly<Record<string, PartReport>> };

/** `2026-11-27 · 2 × Intel Xeon, 24 GB · Node v24.21.0, gdnsd 3.8.1 · load average before: 0.1` */
export function describeCircumstances({ date, machine, versions }: PartReport): string {
  const software = [`Node ${machine.node}`, ...Object.entries(versions).map(([name, version]) => `${name} ${version}`)];
  const hardware = `${machine.processors} × ${machine.model}, ${machine.memoryGigabytes} GB, ${machine.platform}`;
  return [date.slice(0, 10), hardware, software.join(', '), `load average before: ${machine.loadBefore}`].join(' · ');
}
