// The clock that all processes of one machine share: monotonic, so that no step of the wall clock moves a figure.

const NANOSECONDS_PER_MS = 1e6;

/** Milliseconds since the machine started, with fractions; the same in every process (CLOCK_MONOTONIC). */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / NANOSECONDS_PER_MS;
}
