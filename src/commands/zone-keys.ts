// `azimuth zone keys`, `ds`, `ds-seen`, `rollover`, `insecure`, `key-import`: the keys of a signed zone.

import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Static } from 'typebox';
import { ResealedSchema } from '../api/reseal.ts';
import { WithdrawalSchema, ZoneDnssecSchema } from '../api/zone-dnssec.ts';
import { type ApiOptions, addApiOptions, openApiClient } from './api-client.ts';
import { endUnhealthy, failUsage } from './failure.ts';
import { alignColumns, count, type Output, outputOf } from './output.ts';

type ZoneDnssec = Static<typeof ZoneDnssecSchema>;
type ImportOptions = ApiOptions & { readonly role: string };

export function registerZoneKeys(zone: Command): void {
  const keys = zone.command('keys <zone>').description('show the keys of a zone, and what they wait for');
  addApiOptions(keys).action(async (name: string, options: ApiOptions, self: Command) => {
    const client = openApiClient(self, options);
    show(outputOf(self), options, await client.request(ZoneDnssecSchema, 'GET', pathOf(name)));
  });

  const ds = zone.command('ds <zone>').description('print the DS records to give to the registrar, once it is safe');
  addApiOptions(ds).action(async (name: string, options: ApiOptions, self: Command) => {
    const dnssec = await openApiClient(self, options).request(ZoneDnssecSchema, 'GET', pathOf(name));
    const output = outputOf(self);
    const { zone: owner, ds: lines, dnskey, waiting } = dnssec;
    if (options.json === true) output.printJson({ zone: owner, ds: lines, dsSha384: dnssec.dsSha384, dnskey, waiting });
    else if (lines.length > 0) output.print(lines.map((line) => `${owner}. IN DS ${line}`).join('\n'));
    else if (!dnssec.signed) output.printNotice(`There is none to give: ${owner} is not signed here.`);
    else output.printNotice(['There is none to give yet.', ...waiting.map((text) => `  ${text}`)].join('\n'));
    if (lines.length === 0) endUnhealthy();
  });

  const seen = zone
    .command('ds-seen <zone> [keys...]')
    .description('say which keys (tags or ids) the parent has a DS of, and no others, where it cannot be asked')
    .option('--none', 'it has none');
  addApiOptions(seen).action(
    async (name: string, named: readonly string[], options: ApiOptions & { none?: boolean }, self: Command) => {
      if (named.length > 0 === (options.none === true)) failUsage(self, 'name keys, or say --none');
      const body = { keys: named.map((text) => (/^\d+$/.test(text) ? Number(text) : text)) };
      await post(self, options, `${pathOf(name)}/ds-seen`, body);
    },
  );

  const rollover = zone
    .command('rollover <zone> <role>')
    .description('replace the csk, ksk or zsk by a new one; goes on by itself');
  addApiOptions(rollover).action(async (name: string, role: string, options: ApiOptions, self: Command) => {
    await post(self, options, `${pathOf(name)}/rollover`, { role: readRole(self, role) });
  });

  const insecure = zone
    .command('insecure <zone>')
    .description('may the zone stop being signed? exit 1 while it may not');
  addApiOptions(insecure).action(async (name: string, options: ApiOptions, self: Command) => {
    const client = openApiClient(self, options);
    const answer = await client.request(WithdrawalSchema, 'GET', `${pathOf(name)}/insecure`);
    const output = outputOf(self);
    const { safe, reasons, at } = answer;
    const head = safe ? 'Yes' : at === undefined ? 'No' : `No, not before ${at}`;
    if (options.json === true) output.printJson(answer);
    else output.print([`${head}: ${reasons[0] ?? ''}.`, ...reasons.slice(1).map((text) => `  ${text}`)].join('\n'));
    if (!safe) endUnhealthy();
  });

  const reseal = zone
    .command('reseal')
    .description('seal the keys of all zones with the first secret of dnssec.secretFile, which every node must have');
  addApiOptions(reseal).action(async (options: ApiOptions, self: Command) => {
    const answer = await openApiClient(self, options).request(ResealedSchema, 'POST', '/v1/dnssec/reseal');
    if (options.json === true) outputOf(self).printJson(answer);
    else outputOf(self).print(`Sealed the keys of ${answer.resealed} of ${count(answer.zones, 'zone')} anew.`);
  });

  const importing = zone
    .command('key-import <zone> <file>')
    .description('bring a private key along: PKCS#8 in PEM, or a K*.private file of BIND, with its K*.key beside it')
    .requiredOption('--role <role>', 'csk, ksk or zsk');
  addApiOptions(importing).action(async (name: string, file: string, options: ImportOptions, self: Command) => {
    const role = readRole(self, options.role);
    const dnskey = readPublishedKey(self, file);
    const privateKey = readKeyFile(self, file);
    await post(self, options, `${pathOf(name)}/keys`, { role, privateKey, ...(dnskey !== undefined && { dnskey }) });
  });
}

async function post(command: Command, options: ApiOptions, path: string, body: unknown): Promise<void> {
  const client = openApiClient(command, options);
  show(outputOf(command), options, await client.request(ZoneDnssecSchema, 'POST', path, { body }));
}

function pathOf(zone: string): string {
  return `/v1/zones/${encodeURIComponent(zone)}/dnssec`;
}

function readRole(command: Command, text: string): string {
  const role = text.toLowerCase();
  if (!['csk', 'ksk', 'zsk'].includes(role)) failUsage(command, `${text} is no role: write csk, ksk or zsk`);
  return role;
}

/** What BIND puts beside a private key says what the key is for; without it, nobody but the operator knows. */
function readPublishedKey(command: Command, file: string): string | undefined {
  const published = file.replace(/\.private$/, '.key');
  return published === file || !existsSync(published) ? undefined : readKeyFile(command, published);
}

function readKeyFile(command: Command, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return failUsage(command, `cannot read ${error.message}`);
    throw error;
  }
}

function show(output: Output, { json }: ApiOptions, dnssec: ZoneDnssec): void {
  if (json === true) return output.printJson(dnssec);
  const rows = dnssec.keys.map((key) => [
    key.id,
    String(key.keyTag),
    `${key.algorithm}`,
    key.dnskey.phase,
    key.role === 'ksk' ? '-' : key.signatures.phase,
    key.role === 'zsk' ? '-' : key.ds.phase,
    key.retired ? `${key.createdAt}, retired` : key.createdAt,
  ]);
  const head = dnssec.signed ? `${dnssec.zone} is signed` : `${dnssec.zone} is not signed here`;
  const marks = [dnssec.paused ? ', paused' : '', dnssec.withdrawing ? ', on the way to be signed no more' : ''];
  output.print(`${head}${marks.join('')}.`);
  if (rows.length > 0) {
    output.print(alignColumns([['KEY', 'TAG', 'ALGORITHM', 'DNSKEY', 'SIGNATURES', 'DS', 'MADE'], ...rows]));
  }
  for (const text of dnssec.waiting) output.print(`waits: ${text}`);
  if (dnssec.parent?.problem !== undefined) output.print(`parent: ${dnssec.parent.problem}`);
  if (dnssec.next !== undefined) output.print(`next step: ${dnssec.next}`);
}
