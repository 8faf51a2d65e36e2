import { diffText } from '../git/diff.ts';
import { fullNameOf, gitDirOf, type Hub } from '../hub.ts';
import { pullsOf } from '../model/pulls.ts';
import type { CheckRun, Issue, Repository, Run } from '../store/entities.ts';
import { diffBase, type PullIssue } from '../views/pull-request.ts';
import { type Html, html } from './html.ts';

/**
 * Plain pages for people at the addresses that GitHub has them, of public repositories only, since nobody logs in here.
 * @returns undefined where there is no such page
 */
export async function renderPage(hub: Hub, path: string): Promise<string | undefined> {
  if (path === '/') return layout('Repositories', renderIndex(hub));
  const [, owner = '', name = '', ...rest] = path.split('/');
  const repository = hub.store.repositoryByName(owner, name);
  if (!repository || repository.private) return undefined;
  const body = await renderInRepository(hub, repository, rest);
  if (!body) return undefined;
  const fullName = fullNameOf(hub, repository);
  return layout(fullName, html`<p><a href="/">all</a> / <a href="/${fullName}">${fullName}</a></p>${body}`);
}

async function renderInRepository(hub: Hub, repository: Repository, rest: string[]): Promise<Html | undefined> {
  const [section, second, third] = rest;
  if (section === undefined) return renderRepository(hub, repository);
  if (section === 'issues' || section === 'pull') {
    const issue = repository.issues.find((one) => one.number === Number(second));
    return issue && renderIssue(hub, repository, issue);
  }
  if (section === 'runs') {
    const check = repository.checkRuns.find((one) => one.id === Number(second));
    return check && renderCheck(check);
  }
  if (section === 'actions' && second === 'runs') {
    const run = repository.runs.find((one) => one.id === Number(third));
    return run && renderRun(hub, run);
  }
  return undefined;
}

function renderIndex(hub: Hub): Html {
  const repositories = [...hub.store.repositories.values()].filter((one) => !one.private);
  const names = repositories.map((one) => fullNameOf(hub, one));
  return html`<ul>${names.map((name) => html`<li><a href="/${name}">${name}</a></li>`)}</ul>`;
}

function renderRepository(hub: Hub, repository: Repository): Html {
  const fullName = fullNameOf(hub, repository);
  const issues = repository.issues.toReversed().map((issue) => {
    const kind = issue.pull ? 'pull' : 'issues';
    return html`<li><a href="/${fullName}/${kind}/${issue.number}">#${issue.number} ${issue.title}</a> ${stateOf(issue)}</li>`;
  });
  const runs = repository.runs
    .toReversed()
    .map(
      (run) =>
        html`<li><a href="/${fullName}/actions/runs/${run.id}">${run.displayTitle}</a> ${run.conclusion ?? run.status}</li>`,
    );
  return html`<p><code>git clone ${hub.url}/${fullName}.git</code></p>
<h2>Issues and pull requests</h2><ul>${issues}</ul>
<h2>Workflow runs</h2><ul>${runs}</ul>`;
}

async function renderIssue(hub: Hub, repository: Repository, issue: Issue): Promise<Html> {
  const comments = issue.comments.map((comment) =>
    renderText(hub, comment.accountId, comment.createdAt, comment.body, `issuecomment-${comment.id}`),
  );
  const pull = pullsOf(repository).find((one) => one === issue);
  return html`<h1>${issue.title} #${issue.number} <small>${stateOf(issue)}</small></h1>
${renderText(hub, issue.accountId, issue.createdAt, issue.body ?? '', 'body')}
${comments}
${pull ? await renderPull(hub, repository, pull) : ''}`;
}

async function renderPull(hub: Hub, repository: Repository, issue: PullIssue): Promise<Html> {
  const { pull } = issue;
  const checks = repository.checkRuns.filter((run) => run.headSha === pull.headSha);
  const diff = await diffText(gitDirOf(hub, repository), await diffBase(hub, repository, pull), pull.headSha);
  return html`<p>${pull.headLabel} → ${pull.baseRef}, head <code>${pull.headSha}</code></p>
<h2>Checks</h2>${checks.map(renderCheck)}
<h2>Changes</h2><pre>${diff}</pre>`;
}

function renderCheck(run: CheckRun): Html {
  const annotations = run.annotations.map(
    (one) => html`<li>${one.level} ${one.path}:${one.startLine} ${one.title} ${one.message}</li>`,
  );
  return html`<section><h3>${run.name} <small>${run.conclusion ?? run.status}</small></h3>
<p>${run.title}</p><pre>${run.summary}</pre><pre>${run.text}</pre><ul>${annotations}</ul></section>`;
}

function renderRun(hub: Hub, run: Run): Html {
  const jobs = run.jobs.map(
    (job) => html`<section><h3>${job.name} <small>${job.conclusion ?? job.status}</small></h3>
<pre>${hub.runs.readLog(hub, run, job)}</pre></section>`,
  );
  return html`<h1>${run.displayTitle} <small>${run.conclusion ?? run.status}</small></h1>
<p>${run.path} at <code>${run.headSha}</code></p>${jobs}`;
}

function renderText(hub: Hub, accountId: number, time: string, source: string, id: string): Html {
  const { login } = hub.store.account(accountId);
  return html`<section id="${id}"><p><b>${login}</b> ${time}</p><pre>${source}</pre></section>`;
}

function stateOf(issue: Issue): string {
  return issue.pull?.mergedAt ? 'merged' : issue.state;
}

function layout(title: string, body: Html): string {
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<style>body{font:15px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere}section{border:1px solid #8886;border-radius:6px;padding:0 1rem;margin:1rem 0}
:root{color-scheme:light dark}</style></head>
<body>${body}</body></html>`.text;
}
