// Whether a node is ready, and what it cannot do as it should.

import { formatRevisionId } from '../model/revision.ts';
import type { ConfigurationFollower } from './configuration-follower.ts';
import type { Control } from './control.ts';
import { describeAbsentServers } from './store-servers.ts';

export type Readiness = {
  readonly ready: boolean;
  /** Sentences for people; there may be some though it is ready. */
  readonly reasons: readonly string[];
};

type Followed = Pick<ConfigurationFollower, 'condition' | 'storeFault' | 'current' | 'refused' | 'behind'>;

/** Ready: something is served. What is degraded is said all the same. */
export function readinessOf({
  serving,
  isHandedOn,
  follower,
  servers,
}: Pick<Control, 'isHandedOn' | 'servers'> & {
  readonly serving: object | undefined;
  readonly follower: Followed;
}): Readiness {
  const reasons: string[] = [];
  if (serving === undefined) reasons.push('no configuration is in force yet');
  else if (!isHandedOn) reasons.push('the first configuration is about to be answered from');
  const absent = describeAbsentServers(servers);
  if (follower.condition === 'unavailable' && (absent.length === 0 || absent.length === servers.length))
    reasons.push(`${follower.storeFault}: the configuration cannot be changed`);
  reasons.push(...absent, ...describeRevisions(follower));
  return { ready: isHandedOn, reasons };
}

/** Of a process that only checks. */
export function readinessOfWorker(follower: Followed): Readiness {
  const ready = follower.current !== undefined;
  const reasons = ready ? [] : ['no configuration is known yet'];
  if (follower.condition === 'unavailable') reasons.push(`${follower.storeFault}: nobody hears votes through it`);
  return { ready, reasons: [...reasons, ...describeRevisions(follower)] };
}

/** How what the store holds differs from what is in force. */
function describeRevisions({ condition, current, refused, behind }: Followed): readonly string[] {
  const reasons: string[] = [];
  if (condition === 'empty') reasons.push('the store holds no configuration');
  if (behind !== undefined && current !== undefined) {
    const [stored, served] = [behind, current.manifest.id].map(formatRevisionId);
    const remedy = `unless an api node brings it back, commit what shall be with "azimuth apply FILE --above ${served}"`;
    reasons.push(`the store holds ${stored}, older than ${served}, which stays in force: ${remedy}`);
  }
  if (refused !== undefined) {
    const [first = '', ...others] = refused.reasons;
    const more = others.length > 0 ? ` (and ${others.length} more)` : '';
    reasons.push(`the newest configuration, ${formatRevisionId(refused.id)}, is refused here: ${first}${more}`);
  }
  return reasons;
}
