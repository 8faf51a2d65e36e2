import { succeededWord } from '../domain/reports/describe-stage.ts';
import { UserError } from '../domain/user-error.ts';
import {
  type CliContext,
  type CommonOptions,
  connectApi,
  connectGitHub,
  printJson,
  printLine,
  progressTerminal,
  settingsOf,
} from './cli-context.ts';
import { followRollout, waitsFor } from './follow.ts';
import { rolloutFailed } from './host-directory.ts';
import type { ApiServer, HostingApi } from './hosting-api.ts';
import type { RolloutProgress } from './rollout-progress.ts';
import { createStageLines } from './stage-lines.ts';

export type Change = 'stop' | 'start' | 'delete';

export interface ChangeOptions extends CommonOptions {
  wait: boolean;
  merge: boolean;
}

export interface DeleteOptions extends ChangeOptions {
  yes?: true;
  dryRun?: true;
}

/** `mcp-hosting stop ID` and `start ID`. */
export async function runChange(
  context: CliContext,
  change: Change,
  serverId: string,
  options: ChangeOptions,
): Promise<void> {
  const settings = settingsOf(context, options);
  const api = connectApi(settings);
  const { rolloutId } = await api.change(serverId, change);
  if (!options.wait)
    return tell(context, options, { serverId, change, rolloutId }, `${serverId}: ${change} was asked for.`);
  const github = options.merge ? connectGitHub(settings) : undefined;
  const lines = createStageLines({ terminal: progressTerminal(context, options) });
  try {
    const rollout = await followRollout({
      read: () => readRollout(api, serverId, rolloutId),
      lines,
      ...(github ? { merge: (pullRequest) => github.merge(pullRequest) } : {}),
    });
    lines.stop();
    tellEnd(context, options, rollout);
  } finally {
    lines.stop();
  }
}

/** `mcp-hosting delete ID`. @throws UserError `not-confirmed` */
export async function runDelete(context: CliContext, serverId: string, options: DeleteOptions): Promise<void> {
  const api = connectApi(settingsOf(context, options));
  const server = await api.readServer(serverId);
  const goes = whatGoes(server);
  if (options.dryRun)
    return tell(
      context,
      options,
      { serverId, dryRun: true, goes },
      [`Deleting ${serverId} removes:`, ...goes.map((thing) => `  ${thing}`), 'Nothing was done.'].join('\n'),
    );
  if (!options.yes) await askFirst(context, server, goes);
  await runChange(context, 'delete', serverId, options);
}

/** What a deletion takes away, one line each. */
function whatGoes({ serverId, endpointUrl, status }: ApiServer): string[] {
  return [
    `the overlay servers/${serverId}/ in the deployments repository, by a pull request`,
    `Deployment, Service and route mcp-${serverId} in the cluster${status === 'running' ? ', with its running pods' : ''}`,
    `Secrets mcp-${serverId}-access and mcp-${serverId}-env: its access keys and the values of its variables`,
    `the address ${endpointUrl}`,
  ];
}

async function askFirst(context: CliContext, { serverId }: ApiServer, goes: readonly string[]): Promise<void> {
  if (!context.confirm) {
    throw new UserError(
      'usage-invalid',
      `Cannot delete ${serverId}: nobody can be asked here, expected --yes or a terminal`,
      'Add --yes, or look at what would go with --dry-run.',
    );
  }
  context.terminal.stderr.write(`Deleting ${serverId} removes:\n${goes.map((thing) => `  ${thing}\n`).join('')}`);
  if (await context.confirm(`Delete ${serverId}? [y/N] `)) return;
  throw new UserError(
    'not-confirmed',
    `Cannot delete ${serverId}: you did not say yes, expected it`,
    'Nothing was done.',
  );
}

async function readRollout(api: HostingApi, serverId: string, rolloutId: string): Promise<RolloutProgress | undefined> {
  const { rollout } = await api.readStatus(serverId);
  return rollout?.id === rolloutId ? rollout : undefined;
}

function tellEnd(context: CliContext, options: ChangeOptions, rollout: RolloutProgress): void {
  const { serverId, kind } = rollout;
  const waiting = waitsFor(rollout);
  if (rollout.stage !== 'succeeded' && !waiting) throw rolloutFailed(rollout);
  const state = waiting ? 'waiting' : succeededWord(kind);
  const text = waiting
    ? `${serverId} waits for someone who may merge ${waiting.url}; then it goes on by itself.`
    : `${serverId} is ${state}.`;
  tell(context, options, { serverId, state, waitsForUrl: waiting?.url ?? null, stages: rollout.stages }, text);
}

function tell(context: CliContext, options: CommonOptions, json: object, text: string): void {
  if (options.json) printJson(context, json);
  else printLine(context, text);
}
