// Which methods a path knows, so that a wrong one is told from a wrong path (405 and Allow, RFC 9110 section 15.5.6).

import type { ApiServer } from './api-context.ts';

export type KnownMethods = {
  /** Sorted; none for a path that is no route. */
  of(path: string): readonly string[];
};

/** Notes every route that is added from here on. */
export function noteMethods(server: ApiServer): KnownMethods {
  const methods = new Map<string, { readonly pattern: RegExp; readonly names: Set<string> }>();
  server.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? { pattern: toPattern(url), names: new Set<string>() };
    for (const name of [method].flat()) known.names.add(name);
    methods.set(url, known);
  });
  return {
    of: (path) => {
      const matching = [...methods.values()].filter(({ pattern }) => pattern.test(path));
      return [...new Set(matching.flatMap(({ names }) => [...names]))].sort();
    },
  };
}

/** `/v1/regions/:id` → a pattern in which a parameter is anything but a slash. */
function toPattern(url: string): RegExp {
  const escaped = url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[A-Za-z]+/g, '[^/]+');
  return new RegExp(`^${escaped}$`);
}
