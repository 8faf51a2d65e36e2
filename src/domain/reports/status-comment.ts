import { assertNever } from '../assert-never.ts';
import { unsetSecretsWords } from '../missing-secrets.ts';
import type { Rollout } from '../rollout.ts';
import { claudeDesktopConfig } from './claude-desktop-config.ts';
import { describeStage, participle, succeededWord } from './describe-stage.ts';
import { codeBlock, codeSpan, escapeMarkdown, escapeProse, mention, plainLine } from './escape-markdown.ts';
import { renderFailure } from './failure-section.ts';
import { statusCommentMarker } from './markers.ts';
import { missingSection } from './missing-section.ts';
import type { ReportView } from './report-view.ts';
import { renderStageTable, stagesHeading } from './stage-table.ts';
import { pullRequestLink, renderStateTable } from './state-table.ts';

/** A cause that fits in the heading stands there; a longer one gets its own paragraph. */
const HEADING_CAUSE_CHARS_MAX = 120;

/**
 * The sticky comment of a server: what happened, where it is, what to do now, where to look. Marker on the first line.
 * Bounded piece by piece, it stays far below GitHub's limit of 65,536 characters.
 */
export function renderStatusComment(view: ReportView): string {
  const { rollout } = view;
  return [
    `${statusCommentMarker(rollout.serverId)}\n### ${heading(rollout)}`,
    leadSection(view),
    renderStateTable(view),
    nextSteps(rollout),
    `<details><summary>${stagesHeading(view)}</summary>\n\n${renderStageTable(view)}\n\n</details>`,
    `<sub>${footer(rollout)}</sub>`,
  ]
    .filter((block) => block !== undefined)
    .join('\n\n')
    .concat('\n');
}

function heading(rollout: Rollout): string {
  const id = escapeMarkdown(rollout.serverId, 63);
  switch (rollout.stage) {
    case 'succeeded':
      return `${id} is ${succeededWord(rollout.kind)}`;
    case 'failed':
      return causeInHeading(rollout)
        ? `${id} could not be ${participle(rollout.kind)}: ${escapeProse(rollout.failure?.message ?? '')}`
        : `${id} could not be ${participle(rollout.kind)}`;
    case 'cancelled':
      return `${id}: ${rollout.kind} cancelled`;
    default:
      return `${id}: ${escapeMarkdown(describeStage(rollout, rollout.stage).doing)}`;
  }
}

function causeInHeading({ failure }: Rollout): boolean {
  return (
    failure !== undefined &&
    plainLine(failure.message).length <= HEADING_CAUSE_CHARS_MAX &&
    !/^cannot /i.test(failure.message)
  );
}

/** What a person must know before the table: cause and cure, or what is waited for. */
function leadSection(view: ReportView): string | undefined {
  const { rollout } = view;
  switch (rollout.stage) {
    case 'failed':
      return rollout.failure
        ? renderFailure(rollout.failure, { messageShown: causeInHeading(rollout), problems: rollout.configProblems })
        : undefined;
    case 'cancelled':
      return rollout.cancelReason ? escapeProse(rollout.cancelReason, 1_000) : undefined;
    case 'setup':
      return rollout.setupPullRequest
        ? `**Do this:** merge ${pullRequestLink(rollout.setupPullRequest)}, which adds the build workflow. Hosting goes on by itself.`
        : undefined;
    case 'syncing':
      return rollout.missingSecrets ? missingSection(rollout.missingSecrets) : undefined;
    case 'proposed':
      return paragraphs([mergeWanted(rollout), unsetWarning(rollout)]);
    default:
      return undefined;
  }
}

function mergeWanted({ proposal, mergePolicy }: Rollout): string | undefined {
  if (!proposal || mergePolicy !== 'review') return undefined;
  return `**Do this:** have someone review and merge ${pullRequestLink(proposal)}. Closing it cancels.`;
}

/** Who merges knows what it waits for then. */
function unsetWarning({ serverId, unsetSecrets: names = [] }: Rollout): string | undefined {
  if (names.length === 0) return undefined;
  return `**Not set yet:** ${escapeProse(unsetSecretsWords({ serverId, names }), UNSET_CHARS_MAX)}`;
}

/** Ten names of 128 characters, twice. */
const UNSET_CHARS_MAX = 5_000;

function paragraphs(texts: readonly (string | undefined)[]): string | undefined {
  const given = texts.filter((text) => text !== undefined);
  return given.length > 0 ? given.join('\n\n') : undefined;
}

function nextSteps(rollout: Rollout): string | undefined {
  if (rollout.stage !== 'succeeded') return undefined;
  switch (rollout.kind) {
    case 'deploy':
    case 'start':
      return connectSection(rollout);
    case 'stop':
      return 'Its address and access keys stay. Comment `/start` to bring it back.';
    case 'delete':
      return 'Its address no longer answers. Comment `/host` to host this repository anew, under a new address.';
    default:
      return assertNever(rollout.kind);
  }
}

function connectSection(rollout: Rollout): string {
  const needsKey = rollout.config.access !== 'public';
  const key = needsKey
    ? `An access key: ${codeSpan(`npx mcp-hosting keys create ${rollout.serverId}`)}.`
    : 'It is public: no access key is needed.';
  const config = claudeDesktopConfig({
    name: rollout.serverName,
    serverId: rollout.serverId,
    endpointUrl: rollout.endpointUrl,
    ...(needsKey ? { key: '<the access key>' } : {}),
  });
  return [
    `**Connect** – add this to Claude Desktop's \`claude_desktop_config.json\`; other clients use the endpoint. ${key}`,
    `<details><summary>Claude Desktop</summary>\n\n${codeBlock(JSON.stringify(config, null, 2).split('\n'), { info: 'json' })}\n\n</details>`,
  ].join('\n\n');
}

function footer(rollout: Rollout): string {
  const commands =
    rollout.stage === 'succeeded' && rollout.kind === 'stop'
      ? '`/start` `/status` `/delete`'
      : rollout.stage === 'succeeded' && rollout.kind === 'delete'
        ? '`/host`'
        : rollout.stage === 'failed' || rollout.stage === 'cancelled'
          ? '`/host` to try again · `/status` `/delete`'
          : '`/status` `/stop` `/delete`';
  return `${commands} · \`/help\` for all · asked ${askedBy(rollout)}`;
}

/** Who asks through the API has the name of a token: as a mention it would call some stranger of that name. */
function askedBy({ trigger, requestedBy }: Rollout): string {
  return trigger.kind === 'api'
    ? `by ${escapeMarkdown(requestedBy, 100)} through the API`
    : `by ${mention(requestedBy)}`;
}
