import { plainLine } from '../domain/reports/escape-markdown.ts';
import { formatDuration } from '../domain/reports/format-duration.ts';
import { UserError } from '../domain/user-error.ts';
import { type CliContext, type CommonOptions, connectApi, printJson, printLine, settingsOf } from './cli-context.ts';
import { connectCommand } from './connect-command.ts';
import type { ApiCreatedKey, ApiKey } from './hosting-api.ts';
import { tableLines } from './table-lines.ts';

export interface KeysCreateOptions extends CommonOptions {
  name?: string;
  expiresIn?: string;
}

/** `mcp-hosting keys create ID`: the key alone on stdout, so that it can be piped; what to do with it on stderr. */
export async function runKeysCreate(context: CliContext, serverId: string, options: KeysCreateOptions): Promise<void> {
  const api = connectApi(settingsOf(context, options));
  const expiresAt = options.expiresIn === undefined ? null : expiryOf(options.expiresIn, context.now());
  const name = options.name ?? context.env.USER ?? context.env.USERNAME ?? 'mcp-hosting';
  const created = await api.createKey(serverId, { name, expiresAt });
  if (options.json) return printJson(context, { serverId, ...created });
  printLine(context, created.key);
  context.terminal.stderr.write(
    createdLines(serverId, created)
      .map((line) => `${line}\n`)
      .join(''),
  );
}

/** `mcp-hosting keys list ID`. */
export async function runKeysList(context: CliContext, serverId: string, options: CommonOptions): Promise<void> {
  const keys = await connectApi(settingsOf(context, options)).listKeys(serverId);
  if (options.json) return printJson(context, keys);
  for (const line of listLines(serverId, keys, context.now())) printLine(context, line);
}

/** `mcp-hosting keys revoke ID KEY`. */
export async function runKeysRevoke(
  context: CliContext,
  { serverId, keyId }: { serverId: string; keyId: string },
  options: CommonOptions,
): Promise<void> {
  await connectApi(settingsOf(context, options)).revokeKey(serverId, keyId);
  if (options.json) return printJson(context, { serverId, id: keyId, revoked: true });
  printLine(context, `The key ${keyId} of ${serverId} is revoked: it is refused within seconds, two minutes at most.`);
}

function createdLines(serverId: string, { id, name, expiresAt, endpointUrl }: ApiCreatedKey): string[] {
  return [
    '',
    `This is the key "${plainLine(name, 100)}" (${id}) of ${serverId}. It is shown this once.`,
    `It works within seconds, two minutes at most, and ${expiresAt ? `expires at ${expiresAt}` : 'does not expire'}.`,
    '',
    'Give it to your MCP clients by this command, which asks for the key:',
    `  ${connectCommand(serverId, endpointUrl)}`,
    '',
    `Revoke it: npx mcp-hosting keys revoke ${serverId} ${id}`,
  ];
}

function listLines(serverId: string, keys: readonly ApiKey[], now: Date): string[] {
  if (keys.length === 0) return [`${serverId} has no keys. Make one: npx mcp-hosting keys create ${serverId}`];
  const ago = (time: string) => `${formatDuration(now.getTime() - Date.parse(time))} ago`;
  return tableLines([
    ['ID', 'NAME', 'CREATED', 'LAST USED', 'EXPIRES'],
    ...keys.map(({ id, name, createdAt, lastUsedAt, expiresAt }) => [
      plainLine(id, 20),
      plainLine(name, 100),
      ago(createdAt),
      lastUsedAt ? ago(lastUsedAt) : '–',
      expiryCell(expiresAt, now),
    ]),
  ]);
}

function expiryCell(expiresAt: string | null, now: Date): string {
  if (expiresAt === null) return 'never';
  const leftMs = Date.parse(expiresAt) - now.getTime();
  return leftMs > 0 ? `in ${formatDuration(leftMs)}` : 'expired';
}

const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  y: 365 * 86_400_000,
};

/** `90d` from now on. */
function expiryOf(text: string, now: Date): string {
  const [, count = '', unit = ''] = /^([1-9][0-9]{0,5})([mhdwy])$/.exec(text) ?? [];
  const at = new Date(now.getTime() + Number(count) * (UNIT_MS[unit] ?? Number.NaN));
  if (count !== '' && !Number.isNaN(at.getTime())) return at.toISOString();
  throw new UserError(
    'usage-invalid',
    `Cannot make a key: --expires-in is ${JSON.stringify(text.slice(0, 50))}, expected a time such as 12h, 90d or 1y`,
    'Write a whole number and one of m, h, d, w and y.',
  );
}
