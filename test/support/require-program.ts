// Tests that need a program of the system (a server, a resolver) ask for it here. Where it is missing they are skipped with
// the command that would provide it; with CI=true a missing one is a failure instead.

import { findTool } from '../../scripts/test-tools.ts';

/** The file that a program is, looked for where servers live as well. */
export function findProgram(name: string): string | undefined {
  return findTool(name);
}

/** Undefined when the program is there, else the reason for node:test's `skip`. @throws with CI=true. */
export function requireProgram(name: string, aptPackage: string): string | undefined {
  if (findProgram(name)) return undefined;
  const reason = `${name} is missing; provide it with: sudo apt-get install --no-install-recommends ${aptPackage}`;
  if (process.env.CI === 'true') throw new Error(reason);
  return reason;
}
