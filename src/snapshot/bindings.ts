// Which records of a binding table are a service's.

import { TYPE_HTTPS, TYPE_SVCB } from '../wire/record-types.ts';
import { type BindingTable, NONE } from './snapshot.ts';

/** The set of the service and type, by which its records stand in `starts`; NONE for other types. */
export function bindingSetOf(service: number, type: number): number {
  return type === TYPE_HTTPS ? 2 * service : type === TYPE_SVCB ? 2 * service + 1 : NONE;
}

export function hasBindings({ starts }: BindingTable, service: number, type: number): boolean {
  const set = bindingSetOf(service, type);
  return set !== NONE && (starts[set] ?? 0) < (starts[set + 1] ?? 0);
}
