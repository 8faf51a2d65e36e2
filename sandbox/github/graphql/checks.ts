import type { Annotation, CheckConclusion, CheckRun, CheckStatus, CheckSuite, Repository } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';
import { viewApp } from '../views/app.ts';
import { repositoryHtmlUrl } from '../views/repository.ts';
import { type ConnectionArguments, connection } from './connections.ts';
import type { GraphqlContext } from './context.ts';

interface CheckRunFilter {
  appId?: number | null;
  checkName?: string | null;
  checkType?: 'ALL' | 'LATEST' | null;
  status?: string | null;
}

export function checkSuiteNode(context: GraphqlContext, repository: Repository, suite: CheckSuite) {
  const { hub } = context;
  const runs = repository.checkRuns.filter((run) => run.suiteId === suite.id);
  const done = runs.length > 0 && runs.every((run) => run.status === 'completed');
  const url = `${repositoryHtmlUrl(hub, repository)}/commit/${suite.headSha}/checks`;
  return {
    __typename: 'CheckSuite',
    id: nodeId('CheckSuite', repository.id, suite.id),
    databaseId: suite.id,
    app: () => appNode(context),
    status: done ? 'COMPLETED' : 'QUEUED',
    conclusion: done ? graphqlConclusion(runs.at(-1)?.conclusion ?? null) : null,
    createdAt: suite.createdAt,
    updatedAt: suite.updatedAt,
    url,
    resourcePath: new URL(url).pathname,
    commit: () => context.nodes.commitByOid(repository, suite.headSha),
    repository: () => context.nodes.repository(repository),
    checkRuns: (args: ConnectionArguments & { filterBy?: CheckRunFilter | null }) =>
      connection(filterRuns(context, runs, args.filterBy ?? {}), args, (run) => checkRunNode(context, repository, run)),
  };
}

export function checkRunNode(context: GraphqlContext, repository: Repository, run: CheckRun) {
  const { hub } = context;
  const url = `${repositoryHtmlUrl(hub, repository)}/runs/${run.id}`;
  return {
    __typename: 'CheckRun',
    id: nodeId('CheckRun', repository.id, run.id),
    databaseId: run.id,
    name: run.name,
    externalId: run.externalId,
    detailsUrl: run.detailsUrl ?? url,
    status: run.status.toUpperCase(),
    conclusion: graphqlConclusion(run.conclusion),
    startedAt: run.startedAt,
    completedAt: run.completedAt,
    title: run.title,
    summary: run.summary,
    text: run.text,
    url,
    permalink: url,
    resourcePath: new URL(url).pathname,
    isRequired: false,
    repository: () => context.nodes.repository(repository),
    checkSuite: () => {
      const suite = repository.checkSuites.find((one) => one.id === run.suiteId);
      return suite ? checkSuiteNode(context, repository, suite) : null;
    },
    annotations: (args: ConnectionArguments) => connection(run.annotations, args, annotationNode),
  };
}

/** The schema's words are REST's in capitals. */
export function restConclusion(name: string): CheckConclusion {
  return name.toLowerCase() as CheckConclusion;
}

export function restStatus(name: string): CheckStatus {
  return name.toLowerCase() as CheckStatus;
}

function graphqlConclusion(conclusion: CheckConclusion | null): string | null {
  return conclusion?.toUpperCase() ?? null;
}

/** GitHub gives the latest of each name unless told otherwise. Newest last. */
function filterRuns({ hub }: GraphqlContext, runs: CheckRun[], filter: CheckRunFilter): CheckRun[] {
  const matching = runs.filter(
    (run) =>
      (!filter.appId || filter.appId === hub.app.id) &&
      (!filter.checkName || run.name === filter.checkName) &&
      (!filter.status || run.status.toUpperCase() === filter.status),
  );
  if (filter.checkType === 'ALL') return matching;
  return matching.filter((run, index) => matching.findLastIndex((one) => one.name === run.name) === index);
}

function annotationNode(annotation: Annotation) {
  return {
    __typename: 'CheckAnnotation',
    path: annotation.path,
    annotationLevel: annotation.level.toUpperCase(),
    title: annotation.title,
    message: annotation.message,
    rawDetails: annotation.rawDetails,
    location: {
      start: { line: annotation.startLine, column: annotation.startColumn },
      end: { line: annotation.endLine, column: annotation.endColumn },
    },
  };
}

function appNode({ hub }: GraphqlContext) {
  const { node_id, html_url } = viewApp(hub);
  return {
    __typename: 'App',
    id: node_id,
    databaseId: hub.app.id,
    slug: hub.app.slug,
    name: hub.app.name,
    url: html_url,
    createdAt: hub.app.createdAt,
    updatedAt: hub.app.createdAt,
  };
}
