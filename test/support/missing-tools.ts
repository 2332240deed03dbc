// What a test needs from the machine. A test that needs a server is skipped where it is missing, with the command that
// would provide it; with CI=true nothing is skipped, so that the test runs and fails.

import { adviceFor, findTool, MISSING_VARIABLE, TEST_TOOLS } from '../../scripts/test-tools.ts';

/**
 * For the `skip` option of a test: `test('…', { skip: missingTools('redis-server') }, …)`. Answers false when all of
 * the commands are there (or CI=true), otherwise why the test is skipped.
 */
export function missingTools(...commands: readonly string[]): string | false {
  if (process.env.CI === 'true') return false;
  const told = process.env[MISSING_VARIABLE]?.split(',') ?? [];
  const isMissing = (command: string) => told.includes(command) || findTool(command) === undefined;
  const missing = TEST_TOOLS.filter(({ command }) => commands.includes(command) && isMissing(command));
  if (missing.length === 0) return false;
  return `needs ${missing.map(({ command }) => command).join(', ')}: ${adviceFor(missing)}`;
}
