import { configChecksum } from '../config-checksum.ts';
import { unsetSecretsWords } from '../missing-secrets.ts';
import { manifestsDiff } from '../overlay-diff.ts';
import { fullName, type RepositoryName } from '../repository.ts';
import { openedServers } from '../review/opened-servers.ts';
import type { ManifestsReview, ReviewedFolder } from '../review/review-manifests.ts';
import type { ReviewProblem } from '../review/review-problem.ts';
import type { CheckRunView } from './check-run-view.ts';
import { shortSha } from './describe-stage.ts';
import { codeBlock, codeSpan, escapeProse, link, plainLine } from './escape-markdown.ts';
import { MANIFESTS_MARKER } from './markers.ts';
import { redactSecrets } from './redact-secrets.ts';

export const MANIFESTS_CHECK_NAME = 'mcp-hosting / manifests';

export interface ManifestsReportOptions {
  /** `nothing`: the pull request touches neither a server nor `base/` nor the policy. */
  review: ManifestsReview | 'nothing';
  repository: RepositoryName;
  pullRequest: number;
  headSha: string;
  baseBranch: string;
  githubWebUrl: string;
}

/** GitHub's limit of a comment's body, in characters. */
const COMMENT_CHARS_MAX = 65_536;
/** Of a check run's summary GitHub takes 65,535; what is longer nobody reads. */
const PROBLEMS_SHOWN_MAX = 50;
/** In the comment, the diff is what people come for. */
const COMMENT_PROBLEMS_MAX = 15;
/** Ten names each are 20,000 characters at most. */
const UNSET_SERVERS_SHOWN_MAX = 5;
const UNSET_CHARS_MAX = 4_000;
/** GitHub takes 50 a request; more requests than four tell nobody anything. */
const ANNOTATIONS_MAX = 200;
/** GitHub shows that much of a title in a list of checks. */
const TITLE_CHARS_MAX = 59;
const MESSAGE_CHARS_MAX = 1_000;
/** Fifty rows of this and a link stay below GitHub's limit of a summary. */
const TABLE_MESSAGE_CHARS_MAX = 400;

/**
 * The check run. Branch protection can only require what is always there, so a pull request with nothing to check gets
 * one too: `neutral`, which lets it be merged.
 */
export function renderManifestsCheck(options: ManifestsReportOptions): CheckRunView {
  const { review, headSha, pullRequest } = options;
  const view = review === 'nothing' ? nothingToCheck() : checkedView(options, review);
  const externalId = `${manifestsKey(pullRequest)}${configChecksum(view)}`;
  return { name: MANIFESTS_CHECK_NAME, headSha, externalId, status: 'COMPLETED', ...view };
}

/** What the external ids of a pull request's check runs begin with; the rest tells one outcome from another. */
function manifestsKey(pullRequest: number): string {
  return `manifests/${pullRequest}/`;
}

/** The pull request that a check run is about; undefined for one of another kind. */
export function pullRequestOfKey(externalId: string): number | undefined {
  const number = /^manifests\/([1-9][0-9]{0,9})\//.exec(externalId)?.[1];
  return number === undefined ? undefined : Number(number);
}

type CheckedView = Required<Pick<CheckRunView, 'conclusion' | 'title' | 'summary' | 'annotations'>>;

function nothingToCheck(): CheckedView {
  return {
    conclusion: 'NEUTRAL',
    title: 'Nothing to check',
    summary: 'This pull request changes no server, nothing in `base/`, and not the policy.',
    annotations: [],
  };
}

function checkedView(options: ManifestsReportOptions, review: ManifestsReview): CheckedView {
  const failures = failuresOf(review);
  return {
    conclusion: failures === 0 ? 'SUCCESS' : 'FAILURE',
    title: plainLine(titleOf(review), TITLE_CHARS_MAX),
    summary: [
      ...problemBlocks(options, review, PROBLEMS_SHOWN_MAX),
      ...openedBlocks(review),
      ...unsetBlocks(review),
      folderTable(review),
      ...policyBlocks(options, review),
    ].join('\n\n'),
    annotations: review.problems.slice(0, ANNOTATIONS_MAX).map(annotationOf),
  };
}

function annotationOf({ path, line, endLine, level, message }: ReviewProblem): CheckRunView['annotations'][number] {
  return {
    path,
    startLine: line,
    endLine,
    level: level === 'failure' ? 'FAILURE' : 'WARNING',
    title: plainLine(path, 200),
    message: plainLine(message, MESSAGE_CHARS_MAX),
  };
}

function titleOf(review: ManifestsReview): string {
  const failures = failuresOf(review);
  if (failures > 0) return `${count(failures, 'problem')} to mend`;
  const unset = (review.unset ?? []).flatMap(({ names }) => names).length;
  return [summaryOfChanges(review.folders), ...(unset > 0 ? [`${count(unset, 'secret')} not set`] : [])].join(' · ');
}

function summaryOfChanges(folders: readonly ReviewedFolder[]): string {
  const servers = folders.filter(({ path }) => path !== 'base');
  const parts = (['added', 'changed', 'removed'] as const).flatMap((change) => {
    const number = servers.filter((folder) => folder.change === change).length;
    return number === 0 ? [] : [`${count(number, 'server')} ${change}`];
  });
  if (folders.length > servers.length) parts.push('base changed');
  return parts.length === 0 ? 'The policy can be read' : parts.join(', ');
}

/** The comment with the rendered diff: what is wrong first, then what would change, a fold for each server. */
export function renderManifestsComment(options: ManifestsReportOptions): string {
  const { review } = options;
  if (review === 'nothing') {
    return `${MANIFESTS_MARKER}\n### Manifests: nothing to check any more\n\nThis pull request changes no server now.`;
  }
  const head = [
    `${MANIFESTS_MARKER}\n### Manifests: ${headingOf(review)}`,
    ...problemBlocks(options, review, COMMENT_PROBLEMS_MAX),
    ...openedBlocks(review),
    ...unsetBlocks(review),
    ...policyBlocks(options, review),
  ].join('\n\n');
  const foot = `<sub>What the cluster would get, at ${commitLink(options)}, checked by the policy of ${codeSpan(options.baseBranch, 100)}. \`${MANIFESTS_CHECK_NAME}\` has the lines.</sub>`;
  const room = COMMENT_CHARS_MAX - head.length - foot.length - 10;
  return [head, ...foldsOf(review.folders, room), foot].join('\n\n');
}

function headingOf(review: ManifestsReview): string {
  const failures = failuresOf(review);
  const changes = summaryOfChanges(review.folders);
  return failures === 0 ? changes.toLowerCase() : `${count(failures, 'problem')} to mend before it can be merged`;
}

function problemBlocks(options: ManifestsReportOptions, { problems }: ManifestsReview, shownMax: number): string[] {
  if (problems.length === 0) return [];
  const hasFailures = problems.some(({ level }) => level === 'failure');
  const rows = problems.slice(0, shownMax).map((problem) => {
    const { path, line, level, message } = problem;
    const place = link(codeSpan(`${path}:${line}`, 200), blobUrl(options, problem));
    return `| ${level === 'failure' ? '❌' : '⚠️'} ${place} | ${escapeProse(message, TABLE_MESSAGE_CHARS_MAX)} |`;
  });
  const rest = problems.length - rows.length;
  return [
    ['| where | what |', '| --- | --- |', ...rows].join('\n'),
    ...(rest > 0 ? [`And ${rest} more.`] : []),
    ...(hasFailures ? ['**Do this:** change these lines and push; the check runs again by itself.'] : []),
  ];
}

/** Who reviews must not find it in the diff alone. */
function openedBlocks({ folders }: ManifestsReview): string[] {
  const opened = openedServers(folders);
  if (opened.length === 0) return [];
  const shown = opened.slice(0, OPENED_SHOWN_MAX).map((path) => codeSpan(path, 100));
  const rest = opened.length - shown.length;
  const what = `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  return [`**Public:** anyone who knows the address can use ${what}, without a key.`];
}

/** Servers that become public at once; the diff has the others. */
const OPENED_SHOWN_MAX = 20;

/** No problem of the manifests: they may be merged, and the rollout waits. */
function unsetBlocks({ unset = [] }: ManifestsReview): string[] {
  if (unset.length === 0) return [];
  const lines = unset
    .slice(0, UNSET_SERVERS_SHOWN_MAX)
    .map((server) => `- ${escapeProse(unsetSecretsWords(server), UNSET_CHARS_MAX)}`);
  const rest = unset.length - lines.length;
  return [['**Not set yet**', ...lines, ...(rest > 0 ? [`- And ${count(rest, 'more server')}.`] : [])].join('\n')];
}

function policyBlocks({ baseBranch }: ManifestsReportOptions, { policyChange }: ManifestsReview): string[] {
  if (!policyChange) return [];
  const { failuresByHead } = policyChange;
  const base = codeSpan(baseBranch, 100);
  const byHead =
    failuresByHead === null
      ? 'The changed one cannot be read.'
      : `By the changed one there would be ${failuresByHead === 0 ? 'no problem' : count(failuresByHead, 'problem')} in the servers of this pull request.`;
  return [`This pull request changes the policy; its servers are checked by the policy of ${base}. ${byHead}`];
}

function folderTable({ folders }: ManifestsReview): string {
  if (folders.length === 0) return 'No server changes.';
  const rows = folders.map(({ path, change, problems }) => {
    const failures = problems.filter(({ level }) => level === 'failure').length;
    return `| ${codeSpan(path, 100)} | ${change} | ${failures === 0 ? 'passes' : count(failures, 'problem')} |`;
  });
  const shown = rows.slice(0, PROBLEMS_SHOWN_MAX);
  const rest = rows.length - shown.length;
  return [['| | | |', '| --- | --- | --- |', ...shown].join('\n'), ...(rest > 0 ? [`And ${rest} more.`] : [])].join(
    '\n\n',
  );
}

/** Less room than this holds a summary and a notice; servers beyond are named only. */
const FOLD_CHARS_MIN = 700;
const DIFF_LINE_CHARS_MAX = 500;

/** Every server gets its share of the room; what a short diff leaves goes to the ones after it. */
function foldsOf(folders: readonly ReviewedFolder[], charsMax: number): string[] {
  const folds: string[] = [];
  let room = charsMax;
  for (const [index, folder] of folders.entries()) {
    const left = folders.length - index;
    const share = Math.floor(room / left) - 2;
    if (share < FOLD_CHARS_MIN && room < FOLD_CHARS_MIN * 2) {
      folds.push(`The diffs of ${count(left, 'more server')} are left out: a comment has 65,536 characters at most.`);
      break;
    }
    const fold = foldOf(folder, Math.max(share, FOLD_CHARS_MIN));
    folds.push(fold);
    room -= fold.length + 2;
  }
  return folds;
}

function foldOf({ path, change, before, after }: ReviewedFolder, charsMax: number): string {
  if (!after) return `${codeSpan(path, 100)}: ${change}. It cannot be rendered, so there is no diff.`;
  const note = before ? '' : 'What stands on the base branch cannot be rendered, so all of it is shown as new.\n\n';
  const diff = manifestsDiff({ before: before ?? [], after, charsMax: COMMENT_CHARS_MAX });
  if (diff === '') return `${codeSpan(path, 100)}: nothing changes in the cluster.`;
  const lines = diff.trimEnd().split('\n').map(redactSecrets);
  const plus = lines.filter((line) => line.startsWith('+') && !line.startsWith('+++')).length;
  const minus = lines.filter((line) => line.startsWith('-') && !line.startsWith('---')).length;
  const open = `<details><summary><code>${inHtml(path)}</code>: ${change} (+${plus} −${minus})</summary>\n\n${note}`;
  const close = '\n\n</details>';
  const block = codeBlock(lines, {
    info: 'diff',
    lineCharsMax: DIFF_LINE_CHARS_MAX,
    charsMax: charsMax - open.length - close.length,
    cutNotice: '… The rest is cut at the length that GitHub allows; the files of this pull request have all of it.',
  });
  return `${open}${block}${close}`;
}

/** A block of HTML takes no Markdown: what is not plain in a path is shown as `?`. */
function inHtml(path: string): string {
  return path.slice(0, 100).replace(/[^A-Za-z0-9/._-]/g, '?');
}

function failuresOf({ problems }: ManifestsReview): number {
  return problems.filter(({ level }) => level === 'failure').length;
}

function blobUrl({ githubWebUrl, repository, headSha }: ManifestsReportOptions, { path, line }: ReviewProblem): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return `${githubWebUrl}/${fullName(repository)}/blob/${headSha}/${encoded}#L${line}`;
}

function commitLink({ githubWebUrl, repository, headSha }: ManifestsReportOptions): string {
  return link(codeSpan(shortSha(headSha)), `${githubWebUrl}/${fullName(repository)}/commit/${headSha}`);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
