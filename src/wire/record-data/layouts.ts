// What the data of each record type is made of. A type that is not here is written in the form of RFC 3597 section 5,
// `\# length hexadecimal`: NULL (RFC 1035 section 3.3.10), UINFO, UID, GID and UNSPEC never had another.

import { APPLICATION_LAYOUTS } from './layouts/applications.ts';
import { HOST_LAYOUTS } from './layouts/hosts.ts';
import { KEY_LAYOUTS } from './layouts/keys.ts';
import type { Layout } from './layouts/layout.ts';
import { NAME_LAYOUTS } from './layouts/names.ts';
import { SIGNING_LAYOUTS } from './layouts/signing.ts';

/** By number of type. */
export const LAYOUTS: ReadonlyMap<number, Layout> = new Map<number, Layout>([
  ...HOST_LAYOUTS,
  ...NAME_LAYOUTS,
  ...KEY_LAYOUTS,
  ...SIGNING_LAYOUTS,
  ...APPLICATION_LAYOUTS,
]);
