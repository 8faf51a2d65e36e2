import { type Actor, requireAccount } from '../access/actor.ts';
import type { Need } from '../access/authorize.ts';
import { notFound } from '../github-error.ts';
import type { Hub } from '../hub.ts';
import type { Account, Issue, Repository } from '../store/entities.ts';
import type { Fields } from './fields.ts';

export interface RestCall {
  hub: Hub;
  actor: Actor;
  /** Path parameters by their name in GitHub's description, decoded. */
  params: Record<string, string>;
  query: URLSearchParams;
  body: Fields;
  /** The request's Accept header. */
  accept: string;
  /** Path and query as they came, for links to further pages. */
  path: string;
}

export interface RepositoryCall extends RestCall {
  repository: Repository;
}

export interface RestAnswer {
  status: number;
  /** Sent as JSON; absent: no body. */
  body?: unknown;
  /** Sent as it is, instead of a JSON body. */
  text?: string;
  headers?: Record<string, string>;
}

type Answer = RestAnswer | Promise<RestAnswer>;

/** One operation of the REST API; its key in `Routes` is method and path as GitHub's description has them. */
export type Route =
  | { kind: 'plain'; handle(call: RestCall): Answer }
  | { kind: 'repository'; need: Need; handle(call: RepositoryCall): Answer };

export type Routes = Record<string, Route>;

export function plainRoute(handle: (call: RestCall) => Answer): Route {
  return { kind: 'plain', handle };
}

/** An operation below `/repos/{owner}/{repo}`, reached only by who may. */
export function repositoryRoute(need: Need, handle: (call: RepositoryCall) => Answer): Route {
  return { kind: 'repository', need, handle };
}

export function json(body: unknown, status = 200): RestAnswer {
  return { status, body };
}

export function noContent(): RestAnswer {
  return { status: 204 };
}

/** Who the call's writes belong to. */
export function senderOf(call: RestCall): Account {
  return requireAccount(call.hub, call.actor);
}

export function isViaApp(call: RestCall): boolean {
  return call.actor.kind === 'installation';
}

/** A numeric path parameter. @throws GitHubError NOT_FOUND where it is none */
export function idParam(call: RestCall, name: string): number {
  const value = Number(call.params[name]);
  if (!Number.isSafeInteger(value) || value < 0) throw notFound();
  return value;
}

/** @throws GitHubError NOT_FOUND */
export function issueParam(call: RepositoryCall): Issue {
  const number = idParam(call, 'issue_number');
  const issue = call.repository.issues.find((one) => one.number === number);
  if (!issue) throw notFound();
  return issue;
}
