// Whether a document may become a revision: everything that parsing asks, that every zone can be built, and that no worker is
// told to check an address that the settings of this process do not allow (see target-policy.ts). All problems at once.

import { listTargets } from '../health/target.ts';
import { explainRefusal } from '../health/target-policy.ts';
import { compileShape } from '../model/check-shape.ts';
import type { Cluster, Endpoint } from '../model/cluster.ts';
import { type Configuration, type ConfigurationDocument, ConfigurationSchema } from '../model/configuration.ts';
import type { Copy } from '../model/copies.ts';
import { MAX_PROBLEMS } from '../model/limits.ts';
import { parseConfiguration } from '../model/parse-configuration.ts';
import type { ParseOptions } from '../model/parse-context.ts';
import type { Parsed, Problem } from '../model/problem.ts';
import { type CheckedZones, checkZones, checkZonesBeside } from '../snapshot/check-zones.ts';
import { SECRET_ADVICE } from './key-secret.ts';

export type CheckOptions = ParseOptions & {
  /** Prefixes that may be checked although they have a special purpose. */
  readonly allowNetworks: readonly string[];
  /** False: this process has no secret to keep keys with, so no zone can be signed. */
  readonly canSign?: boolean;
  /** What is known of zones from one check to the next. */
  readonly checkedZones?: CheckedZones;
  /** What has been copied of zones that have primaries, by their names. */
  readonly heldCopies?: ReadonlyMap<string, Copy>;
};

const CONFIGURATION_SHAPE = compileShape(ConfigurationSchema);

/** The document itself, known to be a configuration, or every problem in it. */
export function checkDocument(document: unknown, options: CheckOptions): Parsed<ConfigurationDocument> {
  // Building the zones reads the data of their records; only where it does not come to that, parsing must have told its faults.
  const { checkRecordData: checkBinding, heldCopies = new Map(), ...withoutData } = options;
  const copies = new Map([...heldCopies].map(([zone, { head }]) => [zone, head]));
  const parsed = parseConfiguration(document, { ...withoutData, copies, ...(checkBinding && { checkBinding }) });
  if (!parsed.ok) {
    const faults = parseConfiguration(document, { ...options, copies });
    const { problems } = faults.ok ? parsed : faults;
    return { ok: false, problems: [...problems, ...checkZonesBeside(document, problems)].slice(0, MAX_PROBLEMS) };
  }
  if (!CONFIGURATION_SHAPE.accepts(document)) throw new Error('parseConfiguration let through what the schema refuses');
  const wishes = options.isCommitted === true ? [] : findVainWishes(document, parsed.value, options);
  const problems = [...wishes, ...checkZones(document, parsed.value, options.checkedZones, heldCopies)];
  return problems.length > 0 ? { ok: false, problems: problems.slice(0, MAX_PROBLEMS) } : { ok: true, value: document };
}

/** What can be served, and yet not be done as it is asked. */
function findVainWishes(
  document: ConfigurationDocument,
  configuration: Configuration,
  { allowNetworks, canSign }: CheckOptions,
): readonly Problem[] {
  const targets = [...findRefusedTargets(configuration, allowNetworks), ...findTwinTargets(configuration)];
  return [...targets, ...(canSign === false ? findUnsignable(document) : [])];
}

function findUnsignable({ zones }: ConfigurationDocument): readonly Problem[] {
  return zones.flatMap(({ name, dnssec }, index) =>
    dnssec?.enabled === true
      ? [
          {
            path: `/zones/${index}/dnssec/enabled`,
            message: `${name} cannot be signed, for there is no secret to keep its keys with: ${SECRET_ADVICE}.`,
          },
        ]
      : [],
  );
}

/** Every endpoint that is checked at an address which may not be. A host name is judged by whoever resolves it. */
export function findRefusedTargets(configuration: Configuration, allowNetworks: readonly string[]): readonly Problem[] {
  return configuration.clusters.flatMap((cluster, index) => {
    if (cluster.monitors.length === 0) return [];
    return cluster.endpoints.flatMap((endpoint, position) => {
      const path = `/clusters/${index}/endpoints/${position}`;
      return judgeEndpoint(cluster, endpoint, path, allowNetworks) ?? [];
    });
  });
}

function judgeEndpoint(
  cluster: Cluster,
  { check, target }: Endpoint,
  path: string,
  allowNetworks: readonly string[],
): Problem | undefined {
  const address = check.address ?? (target.family === 'CNAME' ? undefined : target.address);
  const purpose = address === undefined ? undefined : explainRefusal(address, allowNetworks);
  if (address === undefined || purpose === undefined) return undefined;
  const advice = `give a check.address that may be checked, take ${describeMonitors(cluster.monitors)} off the cluster, or have`;
  const rest = 'whoever runs Azimuth allow its network in the settings (probe.allowNetworks)';
  const at = check.address === undefined ? `${path}/address` : `${path}/check/address`;
  return { path: at, message: `${address} is not checked, being ${describePurpose(purpose)}: ${advice} ${rest}.` };
}

function describeMonitors(monitors: readonly string[]): string {
  const quoted = monitors.map((id) => `"${id}"`).join(', ');
  return `the ${monitors.length === 1 ? 'monitor' : 'monitors'} ${quoted}`;
}

/** Every endpoint of which two monitors would ask the very same: one of them says all that the other does. */
export function findTwinTargets(configuration: Configuration): readonly Problem[] {
  const clusters = configuration.clusters.filter(({ monitors }) => monitors.length > 1);
  if (clusters.length === 0) return [];
  const places = new Map(configuration.clusters.map(({ id }, index) => [id, index]));
  const firsts = new Map<string, string>();
  return listTargets({ ...configuration, clusters }).flatMap(({ id, cluster, endpoint, monitor }) => {
    const first = firsts.get(id);
    if (first === undefined) firsts.set(id, monitor);
    if (first === undefined) return [];
    const message = `the monitors "${first}" and "${monitor}" check the very same of the endpoint "${endpoint}": keep one of them.`;
    return [{ path: `/clusters/${places.get(cluster)}/monitors`, message }];
  });
}

function describePurpose(purpose: string): string {
  return purpose.startsWith('an ') || purpose.startsWith('not ') ? purpose : `a ${purpose} address`;
}
