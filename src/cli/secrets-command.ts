import { checkSecretName } from '../domain/check-secrets.ts';
import { plainLine } from '../domain/reports/escape-markdown.ts';
import { formatDuration } from '../domain/reports/format-duration.ts';
import { UserError } from '../domain/user-error.ts';
import { type CliContext, type CommonOptions, connectApi, printJson, printLine, settingsOf } from './cli-context.ts';
import type { ApiSecrets, ApiSecretsChanged } from './hosting-api.ts';
import { tableLines } from './table-lines.ts';

/** `mcp-hosting secrets set ID NAME`: the value comes from a prompt that does not show it, or from stdin. */
export async function runSecretsSet(
  context: CliContext,
  { serverId, name }: { serverId: string; name: string },
  options: CommonOptions,
): Promise<void> {
  const api = connectApi(settingsOf(context, options));
  checkSecretName(name);
  if (!context.readSecret) throw noInput();
  const value = await context.readSecret(`Value of ${name} for ${serverId} (it is not shown): `);
  if (value === '') throw empty(name);
  const outcome = await api.setSecret(serverId, name, value);
  if (options.json) return printJson(context, { serverId, name, ...outcome });
  for (const line of setLines({ serverId, name, outcome })) printLine(context, line);
}

/** `mcp-hosting secrets unset ID NAME`. */
export async function runSecretsUnset(
  context: CliContext,
  { serverId, name }: { serverId: string; name: string },
  options: CommonOptions,
): Promise<void> {
  const outcome = await connectApi(settingsOf(context, options)).unsetSecret(serverId, name);
  if (options.json) return printJson(context, { serverId, name, ...outcome });
  if (outcome.changed.length === 0) return printLine(context, `${name} of ${serverId} had no value.`);
  printLine(context, `${name} of ${serverId} is unset.`);
  if (outcome.undeclared.length > 0) return;
  printLine(context, 'Pods that run keep it until they are replaced; new ones wait until it is set again.');
}

/** `mcp-hosting secrets list ID`: names, never values. */
export async function runSecretsList(context: CliContext, serverId: string, options: CommonOptions): Promise<void> {
  const secrets = await connectApi(settingsOf(context, options)).listSecrets(serverId);
  if (options.json) return printJson(context, secrets);
  for (const line of listLines(serverId, secrets, context.now())) printLine(context, line);
}

function setLines(told: { serverId: string; name: string; outcome: ApiSecretsChanged }): string[] {
  const { serverId, name, outcome } = told;
  const isUndeclared = outcome.undeclared.length > 0;
  const effect = outcome.restarted ? 'new pods with it take the place of the present ones.' : 'pods that start get it.';
  const change = outcome.changed.length > 0 ? 'is set' : 'has this value already';
  return [
    `${name} of ${serverId} ${change}${isUndeclared || (outcome.changed.length === 0 && !outcome.restarted) ? '.' : `: ${effect}`}`,
    ...(isUndeclared
      ? [`The server does not ask for it: add ${name} under env in .mcp-hosting.yml, and deploy that.`]
      : []),
  ];
}

function listLines(serverId: string, { secrets, missing }: ApiSecrets, now: Date): string[] {
  if (secrets.length === 0 && missing.length === 0) {
    return [`${serverId} has no secrets. Set one: npx mcp-hosting secrets set ${serverId} NAME`];
  }
  const rows = secrets.map(({ name, declared, changedAt, changedBy }) => [
    plainLine(name, 128),
    declared ? 'set' : 'set, not declared',
    changedAt ? `${formatDuration(now.getTime() - Date.parse(changedAt))} ago` : '–',
    changedBy === null ? '–' : plainLine(changedBy, 100),
  ]);
  const absent = missing.map((name) => [plainLine(name, 128), 'missing', '–', '–']);
  return tableLines([['NAME', 'STATE', 'CHANGED', 'BY'], ...rows, ...absent]);
}

function noInput(): UserError {
  return new UserError(
    'usage-invalid',
    'Cannot read the value: nobody can be asked here, expected a terminal or stdin',
    'Pipe it: mcp-hosting secrets set ID NAME < FILE',
  );
}

function empty(name: string): UserError {
  return new UserError(
    'usage-invalid',
    `Cannot set ${name}: its value is empty, expected at least one character`,
    'To take a value away, use mcp-hosting secrets unset.',
  );
}
