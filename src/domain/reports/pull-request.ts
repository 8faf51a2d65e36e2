import { assertNever } from '../assert-never.ts';
import { unsetSecretsWords } from '../missing-secrets.ts';
import type { OverlayInput } from '../overlay-input.ts';
import { fullName } from '../repository.ts';
import type { Rollout } from '../rollout.ts';
import { shortSha } from './describe-stage.ts';
import { codeBlock, codeSpan, escapeMarkdown, escapeProse, link, mention, plainLine } from './escape-markdown.ts';
import { MANIFESTS_CHECK_NAME } from './manifests-report.ts';
import { rolloutMarker } from './markers.ts';
import { renderOverlayChange } from './overlay-change-table.ts';

/** GitHub's limit for a pull request's body. */
const PULL_REQUEST_BODY_CHARS_MAX = 65_536;

/** Less room than this holds the notice and nothing else. */
const DIFF_CHARS_MIN = 500;
const DIFF_LINE_CHARS_MAX = 500;

/** Ten names of 128 characters, twice, and the words around them. */
const UNSET_CHARS_MAX = 4_000;

export interface PullRequestText {
  title: string;
  body: string;
  commitMessage: string;
}

export interface PullRequestOptions {
  rollout: Rollout;
  /** What was merged last; null for a new server. */
  before: OverlayInput | null;
  /** What is proposed; null where the overlay goes. */
  after: OverlayInput | null;
  /** What its pods need and nobody set yet, when this is written. */
  unset: readonly string[];
  /** Unified diff of the rendered manifests; may be empty. */
  renderedDiff: string;
  githubWebUrl: string;
  bodyCharsMax?: number;
}

/** The deployment pull request: what changes, from where, what was checked and who asked. Its last line is the rollout's marker. */
export function renderPullRequest(options: PullRequestOptions): PullRequestText {
  const title = titleOf(options.rollout);
  return { title, body: renderBody(options), commitMessage: renderCommitMessage(title, options) };
}

function titleOf({ serverId, kind, source }: Rollout): string {
  const id = plainLine(serverId, 63);
  return kind === 'deploy' ? `${id}: deploy ${shortSha(source.commitSha)}` : `${id}: ${kind}`;
}

function renderBody(options: PullRequestOptions): string {
  const { rollout, before, after, githubWebUrl } = options;
  const head = [
    summarySentence(options),
    publicWarning(options),
    unsetWarning(options),
    renderOverlayChange({ before, after, githubWebUrl }),
    renderChecks(rollout),
    renderRequester(options),
  ]
    .filter((block) => block !== undefined)
    .join('\n\n');
  const marker = rolloutMarker(rollout.id);
  const room = (options.bodyCharsMax ?? PULL_REQUEST_BODY_CHARS_MAX) - head.length - marker.length - 10;
  const diff = renderDiff(options.renderedDiff, room);
  return [head, ...(diff ? [diff] : []), marker].join('\n\n');
}

function summarySentence({ rollout, before, githubWebUrl }: PullRequestOptions): string {
  const id = codeSpan(rollout.serverId);
  const repository = repositoryLink(rollout, githubWebUrl);
  switch (rollout.kind) {
    case 'deploy':
      return `Merging this ${before ? 'updates' : 'brings up'} ${id} from ${commitLink(rollout, githubWebUrl)} of ${repository}${previewNote(rollout)}.`;
    case 'stop':
      return `Merging this stops ${id} of ${repository}: no replicas run, its address and key stay.`;
    case 'start':
      return `Merging this starts ${id} of ${repository} again, at the version it was stopped with.`;
    case 'delete':
      return `Merging this deletes ${id} of ${repository}: its pods, its address and its key go.`;
    default:
      return assertNever(rollout.kind);
  }
}

/** Who reviews must not find it in a row of the table alone. */
function publicWarning({ before, after }: PullRequestOptions): string | undefined {
  if (after?.config.access !== 'public') return undefined;
  const was = before && before.config.access !== 'public' ? ' It asked for an access key before.' : '';
  return `**Public:** anyone who knows the address can use this server, without a key.${was}`;
}

/** Who merges knows what it waits for then; the check, which is told anew when values come, says what is left. */
function unsetWarning({ rollout: { serverId }, unset }: PullRequestOptions): string | undefined {
  if (unset.length === 0) return undefined;
  return `**Not set yet:** ${escapeProse(unsetSecretsWords({ serverId, names: unset }), UNSET_CHARS_MAX)} The check \`${MANIFESTS_CHECK_NAME}\` says what is still missing.`;
}

function previewNote({ source }: Rollout): string {
  return source.pullRequest === undefined ? '' : `, a preview of its pull request ${source.pullRequest}`;
}

function renderChecks(rollout: Rollout): string | undefined {
  const { kind, build, digest, requestedBy, trigger } = rollout;
  const deploys = kind === 'deploy';
  const checks = [
    ...(trigger.kind === 'comment' ? [`${mention(requestedBy)} has write access to the server repository`] : []),
    ...(deploys ? ['the server repository has no `.mcp-hosting.yml`, or a valid one'] : []),
    ...(deploys && build && digest
      ? [`${link(`run ${build.runId}`, build.url)} built the commit and reported the digest`]
      : []),
    ...(deploys ? ['the manifests match the types of the Kubernetes API, and render'] : []),
  ];
  return checks.length === 0 ? undefined : `**Checked**\n${checks.map((check) => `- ${check}`).join('\n')}`;
}

function renderRequester({ rollout, githubWebUrl }: PullRequestOptions): string {
  const who = mention(rollout.requestedBy);
  switch (rollout.trigger.kind) {
    case 'comment':
      return `Asked for by ${who} in ${link('this comment', rollout.trigger.url)}.`;
    case 'push':
      return `Asked for by a push of ${who} to ${codeSpan(rollout.source.defaultBranch, 100)}, at ${commitLink(rollout, githubWebUrl)}.`;
    case 'pull-request':
      return `Follows ${link(`pull request ${rollout.trigger.number}`, `${githubWebUrl}/${fullName(rollout.source.repository)}/pull/${rollout.trigger.number}`)} of the server repository, changed by ${who}.`;
    case 'api':
      return `Asked for by ${escapeMarkdown(rollout.requestedBy, 100)} through the API.`;
    default:
      return assertNever(rollout.trigger);
  }
}

function renderDiff(renderedDiff: string, charsMax: number): string | undefined {
  if (renderedDiff.trim() === '' || charsMax < DIFF_CHARS_MIN) return undefined;
  const open = '<details><summary>Rendered diff</summary>\n\n';
  const close = '\n\n</details>';
  const block = codeBlock(renderedDiff.trimEnd().split('\n'), {
    info: 'diff',
    lineCharsMax: DIFF_LINE_CHARS_MAX,
    charsMax: charsMax - open.length - close.length,
    cutNotice: '… The rest is cut at the length that GitHub allows; the files of this pull request have all of it.',
  });
  return `${open}${block}${close}`;
}

function renderCommitMessage(title: string, { rollout, after }: PullRequestOptions): string {
  const lines = [
    `Server repository: ${fullName(rollout.source.repository)}`,
    ...(rollout.kind === 'deploy' ? [`Commit: ${rollout.source.commitSha}`] : []),
    ...(after ? [`Image: ${after.image}@${after.digest}`] : []),
    `Requested by: ${plainLine(rollout.requestedBy, 60).replaceAll('@', '')}`,
    `Rollout: ${rollout.id}`,
  ];
  return `${title}\n\n${lines.join('\n')}\n`;
}

function repositoryLink({ source }: Rollout, githubWebUrl: string): string {
  const name = fullName(source.repository);
  return link(escapeMarkdown(name), `${githubWebUrl}/${name}`);
}

function commitLink({ source }: Rollout, githubWebUrl: string): string {
  const url = `${githubWebUrl}/${fullName(source.repository)}/commit/${source.commitSha}`;
  return link(codeSpan(shortSha(source.commitSha)), url);
}
