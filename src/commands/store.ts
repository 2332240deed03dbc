// `azimuth store acl`: the users that the roles should have in Redis, each with the rights that its role needs. Passwords stand
// in files, never on a command line: they are made where they are missing, and only their hashes are printed or sent.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Settings } from '../model/settings.ts';
import { formatStoreAddress, parseStoreAddress, type RedisAddress } from '../model/store-address.ts';
import { readSettings } from '../settings/read-settings.ts';
import { ACCESS_ROLES, type AccessRole, composeAccessRules, userOf } from '../store/redis/access-rules.ts';
import { applyAccess, type UserRules } from '../store/redis/apply-access.ts';
import { hashPassword, makePassword } from '../store/redis/password.ts';
import { openTlsFiles } from '../store/redis/tls-files.ts';
import { describeCause, isStoreError } from '../store/store-error.ts';
import { fail, failUsage } from './failure.ts';
import { type Output, outputOf } from './output.ts';

type AclOptions = { readonly apply?: boolean; readonly settings?: string; readonly json?: boolean };

/** Of a password that somebody else made. */
const MIN_PASSWORD_LENGTH = 16;
const OWNER_ONLY = 0o600;

export function registerStore(program: Command): void {
  const store = program.command('store').description('the store in Redis');
  store
    .command('acl <directory>')
    .description('the users of the roles in Redis, with their passwords in the directory, as lines of an ACL file')
    .option('--apply', 'set them at the server of AZIMUTH_STORE, which must name an administrator')
    .option('--settings <file>', 'with --apply: how to reach the server')
    .option('--json', 'print JSON')
    .action(async (directory: string, options: AclOptions, self: Command) => {
      const users = ACCESS_ROLES.map((role) => ({ user: userOf(role), rules: rulesOf(self, directory, role) }));
      if (options.apply === true) await apply(self, options, users);
      else printUsers(outputOf(self), options, users);
    });
}

function rulesOf(command: Command, directory: string, role: AccessRole): readonly string[] {
  const file = join(directory, `${userOf(role)}.password`);
  try {
    mkdirSync(directory, { recursive: true });
    const password = readPassword(file) ?? writePassword(file);
    if (password.length < MIN_PASSWORD_LENGTH) {
      fail(command, `${file} holds less than ${MIN_PASSWORD_LENGTH} characters: delete it, and one is made`);
    }
    return composeAccessRules(role, hashPassword(password));
  } catch (cause) {
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause;
    return fail(command, `${file} cannot be used: ${describeCause(cause)}`);
  }
}

function readPassword(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}

function writePassword(file: string): string {
  const password = makePassword();
  writeFileSync(file, `${password}\n`, { mode: OWNER_ONLY, flag: 'wx' });
  return password;
}

function printUsers(output: Output, { json }: AclOptions, users: readonly UserRules[]): void {
  if (json === true) output.printJson(users);
  else output.print(users.map(({ user, rules }) => `user ${user} ${rules.join(' ')}`).join('\n'));
}

async function apply(command: Command, options: AclOptions, users: readonly UserRules[]): Promise<void> {
  const read = readSettings({ file: options.settings, environment: process.env });
  if (!read.ok) return failUsage(command, read.problems.map(({ message }) => message).join('\n'));
  const output = outputOf(command);
  const names = users.map(({ user }) => user);
  for (const address of serversOf(command, read.value)) {
    try {
      const tls = address.tls ? openTlsFiles(read.value.redis.tls) : undefined;
      const { isKept } = await applyAccess(address, tls, users);
      const server = formatStoreAddress(address);
      if (options.json === true) output.printJson({ server, users: names, kept: isKept });
      else output.print(`Set ${names.join(', ')} at ${server}.`);
      if (!isKept) output.printNotice(`${server} has no ACL file (aclfile): when it restarts they are gone.`);
    } catch (error) {
      fail(command, isStoreError(error) ? `${error.message}: ${error.advice}` : describeCause(error));
    }
  }
}

/** Users are not replicated, so that each server is named by itself. */
function serversOf(command: Command, { store }: Settings): readonly RedisAddress[] {
  const parsed = store.driver === 'redis' ? parseStoreAddress(store.url) : undefined;
  if (parsed?.ok && parsed.value.kind === 'server') return [parsed.value];
  if (parsed?.ok && parsed.value.kind === 'several') return [parsed.value.home, ...parsed.value.others];
  return failUsage(
    command,
    'give the address of each server in AZIMUTH_STORE, with an administrator: redis://admin:…@host. Users are not replicated: replicas, and all nodes of a cluster, each need them',
  );
}
