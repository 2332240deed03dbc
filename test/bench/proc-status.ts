// What the kernel says of a process: its CPU time and its memory (proc(5)). Linux only.

import { readFileSync } from 'node:fs';

/** Seconds of the whole process, all its threads, and of the processes that it started and that have ended. */
export type CpuTime = { readonly user: number; readonly system: number };

export type Memory = { readonly residentMegabytes: number; readonly peakMegabytes: number };

/** Of the times in /proc/PID/stat: a hundredth of a second on every Linux. */
const TICKS_PER_SECOND = 100;

/** @throws when there is no such process. */
export function readCpuTime(pid: number): CpuTime {
  // Behind the command in parentheses, which may hold anything: state, then ten more, then utime, stime, cutime and cstime.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  const [user, system, childrensUser, childrensSystem] = fields.slice(11, 15).map(Number);
  if (user === undefined || system === undefined || childrensUser === undefined || childrensSystem === undefined) {
    throw new Error(`/proc/${pid}/stat is not as proc(5) says`);
  }
  return { user: (user + childrensUser) / TICKS_PER_SECOND, system: (system + childrensSystem) / TICKS_PER_SECOND };
}

/** @throws when there is no such process. */
export function readMemory(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (key: string) => Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024e-6;
  return { residentMegabytes: megabytes('VmRSS'), peakMegabytes: megabytes('VmHWM') };
}
