// A monitor as the product reads it, or nothing where it has no such kind: the bench measures what there is, and says what is
// left out.

import type { Monitor } from '../../../src/model/monitor.ts';
import { parseConfiguration } from '../../../src/model/parse-configuration.ts';

export function readMonitor(document: object): Monitor | undefined {
  const parsed = parseConfiguration({ zones: [], monitors: [document] }, { resolveLocation: () => undefined });
  return parsed.ok ? parsed.value.monitors[0] : undefined;
}
