import { describeStage } from '../domain/reports/describe-stage.ts';
import { plainLine } from '../domain/reports/escape-markdown.ts';
import { formatDuration } from '../domain/reports/format-duration.ts';
import { stageTimes } from '../domain/reports/stage-times.ts';
import { type CliContext, type CommonOptions, connectApi, printJson, printLine, settingsOf } from './cli-context.ts';
import { failureLines } from './failure-lines.ts';
import { reasonOf, waitsFor } from './follow.ts';
import type { ApiServer, ApiServerStatus } from './hosting-api.ts';
import { pullRequestName, type RolloutProgress, toolNames } from './rollout-progress.ts';

const NAME_COLUMNS = 12;

/** `mcp-hosting status ID`. */
export async function runStatus(context: CliContext, serverId: string, options: CommonOptions): Promise<void> {
  const api = connectApi(settingsOf(context, options));
  const server = await api.readServer(serverId);
  const status = await api.readStatus(serverId);
  if (options.json) return printJson(context, { ...server, ...status });
  for (const line of statusLines(server, status, context.now())) printLine(context, line);
}

/** What happened, where it is, what to do now, how long it took. */
function statusLines(server: ApiServer, { status, statusMessage, rollout }: ApiServerStatus, now: Date): string[] {
  const { repository, pullRequest } = server.source;
  return [
    `${server.serverId} is ${status}${statusMessage ? `: ${plainLine(statusMessage)}` : ''}`,
    named('Endpoint', server.endpointUrl),
    named('Repository', pullRequest === undefined ? repository : `${repository}#${pullRequest} (preview)`),
    named('Version', server.deployed?.version ?? '–'),
    ...(server.tools ? [named('Tools', toolNames(rollout?.verification ?? { tools: server.tools }))] : []),
    ...(rollout ? rolloutLines(rollout, now) : []),
  ];
}

function rolloutLines(rollout: RolloutProgress, now: Date): string[] {
  const waiting = waitsFor(rollout);
  const failed = rollout.stage === 'failed' || rollout.stage === 'cancelled';
  return [
    ...(rollout.proposal ? [named('Deployment', `${pullRequestName(rollout.proposal)} ${rollout.proposal.url}`)] : []),
    '',
    `Last ${rollout.kind}: ${describeStage(rollout, rollout.stage).doing}`,
    ...stageTimes(rollout, now).map(({ stage, durationMs, running }, index, all) => {
      const broke = failed && index === all.length - 1;
      const mark = running ? '·' : broke ? '✘' : '✔';
      return ` ${mark} ${describeStage(rollout, stage).label.padEnd(20)}${formatDuration(durationMs)}`;
    }),
    ...(failed ? failureLines(rollout.failure ?? {}) : []),
    ...(failed ? ['', plainLine(reasonOf(rollout), 1_000)] : []),
    ...(failed && rollout.failure ? [plainLine(rollout.failure.hint, 1_000)] : []),
    ...(rollout.missingSecrets
      ? ['', plainLine(`${rollout.missingSecrets.message} ${rollout.missingSecrets.hint}`, 1_000).replaceAll('`', '')]
      : []),
    ...(waiting ? ['', `Someone must merge ${waiting.url}; then it goes on by itself.`] : []),
  ];
}

function named(name: string, value: string): string {
  return `${name.padEnd(NAME_COLUMNS)}${plainLine(value, 400)}`;
}
