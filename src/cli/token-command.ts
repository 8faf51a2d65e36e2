import { plainLine } from '../domain/reports/escape-markdown.ts';
import { formatDuration } from '../domain/reports/format-duration.ts';
import { UserError } from '../domain/user-error.ts';
import type { ApiToken, ApiTokens } from '../ports/stores.ts';
import { type CliContext, type CommonOptions, printJson, printLine } from './cli-context.ts';
import { tableLines } from './table-lines.ts';
import { withPostgres } from './with-postgres.ts';

/** `mcp-hosting token create`: shows the token once; the database keeps its hash alone. */
export function runTokenCreate(context: CliContext, options: CommonOptions & { name: string }): Promise<void> {
  return withTokens(context, options, async (tokens) => {
    const token = await tokens.create(options.name);
    if (options.json) printJson(context, { name: options.name, token });
    else printLine(context, token);
  });
}

/** `mcp-hosting token list`: those that are not revoked. */
export function runTokenList(context: CliContext, options: CommonOptions): Promise<void> {
  return withTokens(context, options, async (tokens) => {
    const found = await tokens.list();
    if (options.json) return printJson(context, found);
    for (const line of listLines(found, context.now())) printLine(context, line);
  });
}

/** `mcp-hosting token revoke ID`: one that is revoked already is fine. @throws UserError `token-not-found` */
export function runTokenRevoke(context: CliContext, id: string, options: CommonOptions): Promise<void> {
  return withTokens(context, options, async (tokens) => {
    const name = await tokens.revoke(id);
    if (name === undefined) throw tokenNotFound(id);
    if (options.json) printJson(context, { id, name, revoked: true });
    else printLine(context, `The API token "${plainLine(name, 100)}" is revoked.`);
  });
}

/** Tokens are made and ended by whoever has the database, since the API itself asks for one. */
function withTokens(
  context: CliContext,
  options: CommonOptions,
  work: (tokens: ApiTokens) => Promise<void>,
): Promise<void> {
  return withPostgres(context, options, ({ apiTokens }) => work(apiTokens));
}

function listLines(tokens: readonly ApiToken[], now: Date): string[] {
  if (tokens.length === 0) return ['No API tokens. Make one: npx mcp-hosting token create --name NAME'];
  const ago = (date: Date) => `${formatDuration(now.getTime() - date.getTime())} ago`;
  return tableLines([
    ['ID', 'NAME', 'CREATED', 'LAST USED'],
    ...tokens.map(({ id, name, createdAt, lastUsedAt }) => [
      id,
      plainLine(name, 100),
      ago(createdAt),
      lastUsedAt ? ago(lastUsedAt) : 'never',
    ]),
  ]);
}

function tokenNotFound(id: string): UserError {
  return new UserError(
    'token-not-found',
    `Cannot revoke ${JSON.stringify(id.slice(0, 100))}: no API token has this id, expected one that \`mcp-hosting token list\` shows`,
    'Look at `mcp-hosting token list`.',
  );
}
