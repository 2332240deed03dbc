// Which processor runs what: the server one, the load generator the other, so that neither takes the other's time and every
// server is measured with exactly one. Where there is no taskset, or only one processor, the kernel decides.

import { cpus } from 'node:os';
import { findTool } from '../../scripts/test-tools.ts';

const SERVER_PROCESSOR = '0';
const LOAD_PROCESSOR = '1';

export const canPin = (): boolean => cpus().length > 1 && findTool('taskset') !== undefined;

/** The words before a command that keep it on the servers' processor. */
export const pinServer = (): readonly string[] => pinTo(SERVER_PROCESSOR);

/** The words before a command that keep it on the load generator's processor. */
export const pinLoad = (): readonly string[] => pinTo(LOAD_PROCESSOR);

function pinTo(processor: string): readonly string[] {
  return canPin() ? ['taskset', '-c', processor] : [];
}
