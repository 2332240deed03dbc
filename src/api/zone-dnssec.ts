// The keys of a signed zone: what they are at, what to give to the registrar, why it waits; and what operators do to them.
// Private keys come in, and never go out.

import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { addKey, askRollover, confirmDs } from '../dnssec/change-keys.ts';
import { composeDs, DIGEST_SHA256, DIGEST_SHA384, keyTagOf } from '../dnssec/dnskey.ts';
import { judgeImport } from '../dnssec/judge-import.ts';
import { judgeWithdrawal } from '../dnssec/judge-withdrawal.ts';
import {
  createKeyring,
  isShown,
  isSigningKeys,
  type KeyRecord,
  type Keyring,
  PHASES,
  type Phase,
} from '../dnssec/keyring.ts';
import { dnskeyOf } from '../dnssec/show-keys.ts';
import { listSignedZones } from '../dnssec/signed-zones.ts';
import type { DnssecPolicy } from '../model/dnssec.ts';
import { findItem, normalizeKey } from '../model/edit-document.ts';
import { MAX_NAME_TEXT_LENGTH } from '../model/limits.ts';
import { parseNameText } from '../wire/name.ts';
import { formatRecordData } from '../wire/record-data.ts';
import { TYPE_DS } from '../wire/record-types.ts';
import type { ApiContext } from './api-context.ts';
import { refuse } from './api-error.ts';
import { callerOf } from './authorize.ts';
import { readCurrent } from './change.ts';
import { refuseMissing } from './item-change.ts';
import type { CurrentConfiguration } from './ports.ts';
import { describeRoute, formatMoment, MomentSchema } from './route-schema.ts';

const TAG = 'dnssec';
const PATH = '/v1/zones/:zone/dnssec';
const ZoneParams = Type.Object({ zone: Type.String({ minLength: 1, maxLength: MAX_NAME_TEXT_LENGTH }) });
const RoleSchema = Type.Enum(['csk', 'ksk', 'zsk'], {
  description: 'csk signs everything; ksk the keys, zsk the rest.',
});
const MAX_NAMED_KEYS = 16;
const MAX_KEY_TEXT_LENGTH = 16_384;
const TYPE_DNSKEY = 48;

const PhaseSchema = Type.Object(
  { phase: Type.Enum([...PHASES]), since: MomentSchema },
  { description: 'hidden: nobody has it; rumoured: some caches; omnipresent: all; unretentive: some still have it.' },
);
const KeySchema = Type.Object({
  id: Type.String(),
  role: RoleSchema,
  algorithm: Type.Integer({ description: '13: ECDSA P-256 with SHA-256; 15: Ed25519.' }),
  keyTag: Type.Integer(),
  createdAt: MomentSchema,
  activeSince: Type.Optional(MomentSchema),
  imported: Type.Boolean(),
  retired: Type.Boolean({ description: 'A successor is wanted, or there.' }),
  dnskey: PhaseSchema,
  signatures: PhaseSchema,
  ds: PhaseSchema,
});
export const ZoneDnssecSchema = Type.Object(
  {
    zone: Type.String(),
    signed: Type.Boolean({ description: 'Whether it is served with signatures.' }),
    paused: Type.Boolean(),
    withdrawing: Type.Boolean(),
    keys: Type.Array(KeySchema),
    ds: Type.Array(Type.String(), { description: 'What the parent shall have (SHA-256): empty until it is safe.' }),
    dsSha384: Type.Array(Type.String()),
    dnskey: Type.Array(Type.String(), { description: 'The keys of these DS, for registrars that want those.' }),
    parent: Type.Optional(
      Type.Object({
        askedAt: MomentSchema,
        ds: Type.Optional(Type.Array(Type.String())),
        problem: Type.Optional(Type.String()),
      }),
    ),
    waiting: Type.Array(Type.String(), { description: 'Why nothing goes on now.' }),
    next: Type.Optional(MomentSchema),
  },
  { description: 'The keys of a zone, and what they are at.' },
);
export const WithdrawalSchema = Type.Object(
  {
    zone: Type.String(),
    safe: Type.Boolean({ description: 'Whether dnssec.enabled may be set to false now.' }),
    reasons: Type.Array(Type.String()),
    at: Type.Optional(MomentSchema),
  },
  { description: 'Whether the zone may stop being signed.' },
);
const RolloverBody = Type.Object({ role: RoleSchema }, { additionalProperties: false });
const SeenBody = Type.Object(
  {
    keys: Type.Array(Type.Union([Type.Integer({ minimum: 0, maximum: 65_535 }), Type.String({ maxLength: 64 })]), {
      maxItems: MAX_NAMED_KEYS,
      description: 'Key tags or ids of those keys whose DS the parent has, and no others; empty: it has none.',
    }),
  },
  { additionalProperties: false },
);
const ImportBody = Type.Object(
  {
    role: RoleSchema,
    privateKey: Type.String({
      maxLength: MAX_KEY_TEXT_LENGTH,
      description: 'PKCS#8 in PEM, or the text of a K*.private file of BIND. Kept encrypted, and never shown again.',
    }),
    dnskey: Type.Optional(
      Type.String({
        maxLength: MAX_KEY_TEXT_LENGTH,
        description: 'The text of its K*.key file: a DNSKEY record, whose flags must be those of the role.',
      }),
    ),
  },
  { additionalProperties: false },
);

export function addZoneDnssecRoutes(context: ApiContext): void {
  addReadRoutes(context);
  addRolloverRoute(context);
  addSeenRoute(context);
  addImportRoute(context);
}

function addReadRoutes({ server, writer, keys }: ApiContext): void {
  const read = { config: { scope: 'read' } } as const;
  server.get(
    PATH,
    {
      ...read,
      schema: {
        ...describeRoute(
          {
            operationId: 'getZoneDnssec',
            tag: TAG,
            summary: 'Get the keys of a zone, and what to give to the registrar',
          },
          { 200: ZoneDnssecSchema },
        ),
        params: ZoneParams,
      },
    },
    async (request) => describeZone(findZone(await readCurrent(writer), request.params.zone), keys),
  );
  server.get(
    `${PATH}/insecure`,
    {
      ...read,
      schema: {
        ...describeRoute(
          { operationId: 'getZoneWithdrawal', tag: TAG, summary: 'Ask whether a zone may stop being signed' },
          { 200: WithdrawalSchema },
        ),
        params: ZoneParams,
      },
    },
    async (request) => {
      const { zone, policy, keyring } = findZone(await readCurrent(writer), request.params.zone);
      if (policy === undefined) return { zone, safe: true, reasons: ['the zone is not signed'] };
      const parent = keys.state(zone)?.parent;
      const isParentSeen = (parent?.ok === true && parent.ds.length === 0) || keyring?.confirmed?.length === 0;
      const { isSafe, reasons, atMs } = judgeWithdrawal(keyring, policy, isParentSeen);
      return { zone, safe: isSafe, reasons: [...reasons], ...(atMs !== undefined && { at: formatMoment(atMs) }) };
    },
  );
}

function addRolloverRoute(context: ApiContext): void {
  context.server.post(
    `${PATH}/rollover`,
    {
      config: { scope: 'write' },
      schema: {
        ...describeRoute(
          {
            operationId: 'rollOverKey',
            tag: TAG,
            summary: 'Replace a key by a new one',
            description: 'Begins now, and goes on by itself; a KSK or CSK waits for its DS at the parent.',
          },
          { 200: ZoneDnssecSchema },
        ),
        params: ZoneParams,
        body: RolloverBody,
      },
    },
    (request) =>
      change(context, request, request.params.zone, `roll over the ${request.body.role}`, ({ policy, keyring }) => {
        if (policy === undefined || keyring === undefined) return 'the zone has no keys yet';
        return askRollover(keyring, policy, request.body.role);
      }),
  );
}

function addSeenRoute(context: ApiContext): void {
  context.server.post(
    `${PATH}/ds-seen`,
    {
      config: { scope: 'write' },
      schema: {
        ...describeRoute(
          {
            operationId: 'confirmDs',
            tag: TAG,
            summary: 'Say what the parent has',
            description: 'Counts while the parent cannot be asked (dnssec.askParent, or no answer).',
          },
          { 200: ZoneDnssecSchema },
        ),
        params: ZoneParams,
        body: SeenBody,
      },
    },
    (request) =>
      change(context, request, request.params.zone, 'say what DS the parent has', ({ keyring }) => {
        if (keyring === undefined) return 'the zone has no keys yet';
        const found = request.body.keys.map((named) =>
          keyring.keys.find((key) => isSigningKeys(key) && (key.id === named || keyTagOf(dnskeyOf(key)) === named)),
        );
        const missing = request.body.keys.filter((_, index) => found[index] === undefined);
        if (missing.length > 0) return `the zone has no KSK or CSK ${missing.join(', ')}`;
        return confirmDs(
          keyring,
          found.flatMap((key) => key?.id ?? []),
        );
      }),
  );
}

function addImportRoute(context: ApiContext): void {
  const { server, keys, nowMs } = context;
  server.post(
    `${PATH}/keys`,
    {
      config: { scope: 'admin' },
      schema: {
        ...describeRoute(
          {
            operationId: 'importKey',
            tag: TAG,
            summary: 'Bring a private key along',
            description:
              'Before a zone is signed here, it signs from the start; later, the present key is rolled over to it.',
          },
          { 200: ZoneDnssecSchema },
        ),
        params: ZoneParams,
        body: ImportBody,
      },
    },
    (request) => {
      const { role, privateKey, dnskey } = request.body;
      return change(context, request, request.params.zone, `import a ${role}`, ({ zone, policy, keyring }) => {
        const record = keys.take(zone, role, privateKey, nowMs());
        if (typeof record === 'string') return record;
        const disagreement = dnskey === undefined ? undefined : judgeImport(dnskey, zone, record);
        if (disagreement !== undefined) return disagreement;
        const expected = policy?.keys === 'single' ? role === 'csk' : role !== 'csk';
        if (policy !== undefined && (!expected || policy.algorithm !== record.algorithm)) {
          return `the zone is signed with dnssec.keys ${policy.keys} and algorithm ${policy.algorithm}: a ${role} of algorithm ${record.algorithm} has no place in it`;
        }
        return addKey(keyring ?? createKeyring(zone), record);
      });
    },
  );
}

type FoundZone = {
  readonly zone: string;
  readonly policy: DnssecPolicy | undefined;
  readonly keyring: Keyring | undefined;
};

function findZone({ document, keyrings }: CurrentConfiguration, text: string): FoundZone {
  const zone = normalizeKey('zones', text);
  if (findItem(document, 'zones', zone) === undefined) throw refuseMissing('Zone', zone);
  const policy = listSignedZones(document).find((signed) => signed.zone === zone)?.policy;
  return { zone, policy, keyring: keyrings.get(zone) };
}

/** Changes the keyring, looks at once at what follows from it, and answers that. */
async function change(
  { desk, writer, keys }: ApiContext,
  request: FastifyRequest,
  zoneText: string,
  message: string,
  edit: (found: FoundZone) => Keyring | string,
): Promise<Static<typeof ZoneDnssecSchema>> {
  if (!keys.canKeep) throw refuse('INVALID', 'This process has no secret to keep keys with: see dnssec.secretFile.');
  await desk.commitInTurn((current) => {
    const found = findZone(current, zoneText);
    const keyring = edit(found);
    if (typeof keyring === 'string') throw refuse('INVALID', `${keyring[0]?.toUpperCase()}${keyring.slice(1)}.`);
    const words = { expected: current.id, author: callerOf(request).name, message: `${message} of ${found.zone}` };
    return writer.commitKeys({ ...words, keyrings: [keyring] });
  });
  await keys.look(normalizeKey('zones', zoneText));
  return describeZone(findZone(await readCurrent(writer), zoneText), keys);
}

function describeZone({ zone, policy, keyring }: FoundZone, desk: ApiContext['keys']): Static<typeof ZoneDnssecSchema> {
  const records = keyring?.keys ?? [];
  const state = policy === undefined ? undefined : desk.state(zone);
  const asked = keyring?.isWithdrawing === true ? [] : records.filter(({ ds }) => isShown(ds)).map(dnskeyOf);
  const owner = parseNameText(zone);
  const dsOf = (type: typeof DIGEST_SHA256 | typeof DIGEST_SHA384) =>
    owner instanceof Uint8Array
      ? asked.map((dnskey) => formatRecordData(TYPE_DS, composeDs(owner, dnskey, type, desk.digest)))
      : [];
  return {
    zone,
    signed: policy !== undefined && records.some(({ signatures }) => isShown(signatures)),
    paused: policy?.paused === true,
    withdrawing: keyring?.isWithdrawing === true,
    keys: records.map(describeKey),
    ds: dsOf(DIGEST_SHA256),
    dsSha384: dsOf(DIGEST_SHA384),
    dnskey: asked.map((dnskey) => formatRecordData(TYPE_DNSKEY, dnskey)),
    ...(state?.parent !== undefined && { parent: describeParent(state.parent) }),
    waiting: [...(state?.waiting ?? [])],
    ...(state?.nextAtMs !== undefined && { next: formatMoment(state.nextAtMs) }),
  };
}

type State = NonNullable<ReturnType<ApiContext['keys']['state']>>;

function describeParent(parent: NonNullable<State['parent']>) {
  const askedAt = formatMoment(parent.atMs);
  return parent.ok
    ? { askedAt, ds: parent.ds.map((data) => formatRecordData(TYPE_DS, data)) }
    : { askedAt, problem: parent.reason };
}

function describeKey(key: KeyRecord): Static<typeof KeySchema> {
  const phase = ({ name, sinceMs }: Phase) => ({ phase: name, since: formatMoment(sinceMs) });
  const { id, role, algorithm, createdAtMs, activeSinceMs, isImported, isRetired } = key;
  return {
    id,
    role,
    algorithm,
    keyTag: keyTagOf(dnskeyOf(key)),
    createdAt: formatMoment(createdAtMs),
    ...(activeSinceMs !== undefined && { activeSince: formatMoment(activeSinceMs) }),
    imported: isImported,
    retired: isRetired,
    dnskey: phase(key.dnskey),
    signatures: phase(key.signatures),
    ds: phase(key.ds),
  };
}
