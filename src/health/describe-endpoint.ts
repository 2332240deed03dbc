// Why an endpoint is as it is, in one sentence for people: who says what of it and for which reason, what holds it, and the
// operator's word above all that.

import type { VantageVote } from './ballot.ts';
import type { EndpointJudgement } from './cluster-health.ts';
import { NO_VERDICTS, type VerdictState, type Verdicts } from './verdict.ts';

/** Different reasons that are told of one target, those of most vantages first. */
const MAX_REASONS = 2;
/** Vantages that are named with a reason. */
const MAX_VANTAGES = 4;

/** `connection refused, say paris, tokyo`; or whatever else holds. The evidence is in `verdicts`. */
export function describeEndpoint(endpoint: EndpointJudgement, verdicts: Verdicts = NO_VERDICTS): string {
  const { directive, heldUntilMs, isPanicked, factor } = endpoint;
  const held = heldUntilMs === undefined ? '' : '; the removal brake holds it as it was';
  const panicked = isPanicked ? '; answered all the same, for few are up and no other cluster can serve (panic)' : '';
  const slowed = factor === undefined ? '' : `; at ${Math.round(factor * 100)} % of its weight`;
  const seen = `${describeVerdict(endpoint, verdicts)}${held}${panicked}${slowed}`;
  return directive === undefined ? seen : `${directive.reason} (${seen})`;
}

/** Where several monitors look, those that say down, or that are not judged yet, are named. */
function describeVerdict({ verdict, targets }: EndpointJudgement, verdicts: Verdicts): string {
  if (verdict === 'unmonitored') return 'nothing checks it';
  const causeOf = (target: string) => describeCause(verdicts.get(target)?.votes ?? []);
  const [only] = targets;
  if (only !== undefined && targets.length === 1) {
    return (verdict === 'down' && causeOf(only.target)) || VERDICT_TEXTS[verdict];
  }
  const named = (['down', 'unknown'] as const).flatMap((state) =>
    targets
      .filter((target) => target.verdict === state)
      .map(({ monitor, target }) => {
        if (state === 'unknown') return `${monitor} not judged yet`;
        const cause = causeOf(target);
        return cause === '' ? `${monitor} down` : `${monitor} down (${cause})`;
      }),
  );
  return named.length === 0
    ? VERDICT_TEXTS[verdict]
    : `${VERDICT_TEXTS[verdict]}; of its monitors: ${named.join(', ')}`;
}

const VERDICT_TEXTS: Readonly<Record<VerdictState, string>> = {
  up: 'the vantages say up',
  down: 'the vantages say down',
  unknown: 'no quorum of vantages has judged it yet, which counts as up',
};

/** Why it is down: what most say first. Empty where nobody gives a reason. Those who fell silent are asked last. */
function describeCause(votes: readonly VantageVote[]): string {
  const down = votes.filter(({ vote, reason, aside }) => vote === 'down' && reason !== '' && aside !== true);
  const fresh = down.filter((vote) => vote.fresh);
  const isFresh = fresh.length > 0;
  const speakers = new Map<string, string[]>();
  for (const { reason, vantage } of isFresh ? fresh : down) {
    speakers.set(reason, [...(speakers.get(reason) ?? []), vantage]);
  }
  const causes = [...speakers].toSorted(([, a], [, b]) => b.length - a.length);
  const told = causes.slice(0, MAX_REASONS).map(([reason, vantages]) => {
    const verb = isFresh ? (vantages.length === 1 ? 'says' : 'say') : 'said';
    return `${reason}, ${verb} ${listVantages(vantages)}${isFresh ? '' : ' before falling silent'}`;
  });
  const rest = causes.length - told.length;
  return [...told, ...(rest > 0 ? [`${rest} more ${rest === 1 ? 'reason' : 'reasons'}`] : [])].join('; ');
}

function listVantages(vantages: readonly string[]): string {
  const rest = vantages.length - MAX_VANTAGES;
  const named = vantages.slice(0, MAX_VANTAGES).join(', ');
  return rest > 0 ? `${named} and ${rest} more` : named;
}
