// A trace as people want to read it. The tiers are gone through anew with every pass, and what nobody can use is passed over
// each time: said once it is a reason, said six times it hides the others.

import type { Trace, TraceStep } from './trace.ts';

/** What ends all passes, or begins anew, belongs to none of them. */
const OF_A_PASS: ReadonlySet<TraceStep['step']> = new Set(['skip', 'consider', 'shed', 'choose']);

/**
 * The same steps in the same order, without clusters that were passed over for the same reason already and without passes in
 * which nothing else happened. Another service, or another family of addresses, begins anew.
 */
export function shortenTrace(trace: Trace): Trace {
  const short: TraceStep[] = [];
  let said = new Set<string>();
  let pass: TraceStep | undefined;
  for (const step of trace) {
    if (step.step === 'service' || step.step === 'hints') said = new Set();
    if (step.step === 'skip') {
      const reason = `${step.cluster} ${step.because}`;
      if (said.has(reason)) continue;
      said.add(reason);
    }
    if (step.step === 'pass') {
      pass = step;
      continue;
    }
    if (pass !== undefined && OF_A_PASS.has(step.step)) short.push(pass);
    pass = undefined;
    short.push(step);
  }
  return short;
}
