import { fullName } from '../repository.ts';
import { isEnded, type PullRequestRef } from '../rollout.ts';
import { describeStage, shortSha } from './describe-stage.ts';
import { codeSpan, escapeMarkdown, link, mention } from './escape-markdown.ts';
import type { ReportView } from './report-view.ts';
import { type KnownTools, toolNumber } from './tool-count.ts';

/** More tools than this are counted instead of named, which keeps the row readable. */
const TOOLS_SHOWN_MAX = 20;
const TOOL_NAME_CHARS_MAX = 64;

/** The table of state, endpoint, version, tools and pull request that the comment and the check run share. */
export function renderStateTable(view: ReportView): string {
  const rows: [string, string | undefined][] = [
    ['State', stateCell(view)],
    ['Endpoint', endpointCell(view)],
    ['Version', versionCell(view)],
    ['Tools', toolsCell(view)],
    ['Deployment', deploymentCell(view)],
  ];
  const lines = rows.flatMap(([name, cell]) => (cell === undefined ? [] : [`| **${name}** | ${cell} |`]));
  return ['| | |', '|---|---|', ...lines].join('\n');
}

/** `4: a, b, c, d`, at most 20 of them by name. */
function renderTools(known: KnownTools): string {
  const { tools, toolCount = tools.length } = known;
  if (toolCount === 0) return 'none';
  const names = tools.slice(0, TOOLS_SHOWN_MAX).map(({ name }) => codeSpan(name, TOOL_NAME_CHARS_MAX));
  const rest = toolCount - names.length;
  return `${toolNumber(known)}: ${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function stateCell({ rollout, server }: ReportView): string {
  if (!isEnded(rollout)) return escapeMarkdown(describeStage(rollout, rollout.stage).doing);
  if (rollout.stage === 'succeeded') return describeStage(rollout, 'succeeded').doing;
  const ended = describeStage(rollout, rollout.stage).doing;
  if (server.status !== 'running' && server.status !== 'stopped') return ended;
  return rollout.kind === 'deploy'
    ? `${ended}; the version before is still ${server.status}`
    : `${ended}; it is still ${server.status}`;
}

function endpointCell({ rollout }: ReportView): string | undefined {
  return rollout.kind === 'delete' && rollout.stage === 'succeeded' ? undefined : codeSpan(rollout.endpointUrl);
}

function versionCell({ rollout, githubWebUrl }: ReportView): string | undefined {
  if (rollout.kind === 'delete') return undefined;
  const { repository, commitSha } = rollout.overlay?.source ?? rollout.source;
  const commit = link(codeSpan(shortSha(commitSha)), `${githubWebUrl}/${fullName(repository)}/commit/${commitSha}`);
  const digest = rollout.overlay?.digest ?? rollout.digest;
  return digest ? `${commit} · image ${codeSpan(shortDigest(digest))}` : commit;
}

function toolsCell({ rollout, server }: ReportView): string | undefined {
  if (rollout.kind === 'delete' || rollout.kind === 'stop') return undefined;
  if (rollout.verification) return renderTools(rollout.verification);
  return rollout.stage === 'succeeded' && server.tools ? renderTools({ tools: server.tools }) : undefined;
}

function deploymentCell({ rollout }: ReportView): string | undefined {
  const { proposal, setupPullRequest, merge } = rollout;
  if (!proposal) {
    return rollout.stage === 'setup' && setupPullRequest ? `after ${pullRequestLink(setupPullRequest)}` : undefined;
  }
  const pullRequest = pullRequestLink(proposal);
  if (!merge) return pullRequest;
  return merge.by ? `${pullRequest}, merged by ${mention(merge.by)}` : `${pullRequest}, merged`;
}

/** `owner/name#41`, linked: without the link GitHub would take `#41` for one of the repository the text stands in. */
export function pullRequestLink({ repository, number, url }: PullRequestRef): string {
  return link(`${escapeMarkdown(fullName(repository))}#${number}`, url);
}

/** `sha256:` and the first 12 hex digits. */
export function shortDigest(digest: string): string {
  return digest.length > 20 ? `${digest.slice(0, 19)}…` : digest;
}
