// The batch socket that tests load: the one that set-up has built, or the one that AZIMUTH_TEST_NATIVE names, by which the
// same tests run over a binary with sanitizers in it.

import { loadNative, type Native } from '../../src/native/load-native.ts';

export const NATIVE_VARIABLE = 'AZIMUTH_TEST_NATIVE';

const loaded = loadNative(process.env[NATIVE_VARIABLE]);

/** For `skip`: why there is none, or false. With CI=true, or where one is named, the test runs and fails. */
export const isNativeMissing: string | false =
  loaded.ok || process.env.CI === 'true' || process.env[NATIVE_VARIABLE] !== undefined
    ? false
    : `needs the batch socket (Linux, a C compiler, node scripts/build-native.mjs): ${loaded.reason}`;

export function testNative(): Native {
  if (!loaded.ok) throw new Error(loaded.reason);
  return loaded.native;
}
