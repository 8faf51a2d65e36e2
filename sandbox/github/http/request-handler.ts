import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Actor, accountOf, readActor } from '../access/actor.ts';
import { answerControl, type ControlParts } from '../control/control-routes.ts';
import type { LoggedRequest } from '../control/request-log.ts';
import { GitHubError, notFound } from '../github-error.ts';
import type { GraphqlExecutor, GraphqlRequest } from '../graphql/executor.ts';
import { renderPage } from '../pages/render-page.ts';
import { isFields, readFields, readText } from '../rest/fields.ts';
import type { RestAnswer } from '../rest/route.ts';
import type { MatchedRoute, Router } from '../rest/router.ts';
import { applyFault } from './apply-fault.ts';
import { answerGit, isGitPath } from './git-endpoint.ts';
import { readBody } from './read-body.ts';
import { answerRest, type RestParts } from './rest-endpoint.ts';
import { errorAnswer, sendAnswer } from './send-answer.ts';

export interface HandlerParts extends ControlParts, RestParts {
  router: Router;
  graphql: GraphqlExecutor;
}

/** One request to the sandbox's GitHub: its switches, git, the API, or a page. */
export async function handleRequest(
  parts: HandlerParts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const url = new URL(incoming.url ?? '/', parts.hub.url);
  try {
    if (isGitPath(url.pathname)) return await answerGit(parts.hub, url, incoming, outgoing);
    const body = await readBody(incoming);
    if (body === undefined)
      return sendAnswer(incoming, outgoing, { status: 413, body: { message: 'Payload too large' } });
    if (url.pathname.startsWith('/_sandbox/')) return await handleControl(parts, url, body, incoming, outgoing);
    await handleApi(parts, url, body, incoming, outgoing);
  } catch (error) {
    const where = `${incoming.method} ${url.pathname}`;
    parts.violations.add(where, [`failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`]);
    sendAnswer(incoming, outgoing, { status: 500, body: { message: 'Server Error' } });
  } finally {
    parts.hub.store.flush();
  }
}

async function handleControl(
  parts: HandlerParts,
  url: URL,
  body: Buffer,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const answer = await answerErrors(async () => {
    // A page whose name was made to lead here (DNS rebinding) would be of one origin with this server.
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(incoming.headers.host ?? '')) throw notFound();
    const path = url.pathname.slice('/_sandbox'.length);
    const fields = parseJson(body, incoming) ?? {};
    if (!isFields(fields)) throw new GitHubError('UNPROCESSABLE', 'Body should be a JSON object');
    return answerControl(parts, { method: incoming.method ?? 'GET', path, query: url.searchParams, body: fields });
  });
  parts.hub.store.flush();
  sendAnswer(incoming, outgoing, answer);
}

async function handleApi(
  parts: HandlerParts,
  url: URL,
  body: Buffer,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { hub } = parts;
  const method = incoming.method ?? 'GET';
  const path = url.pathname.replace(/^\/api\/v3(?=\/)/, '').replace(/^\/api\/graphql$/, '/graphql');
  const graphql = path === '/graphql' && method === 'POST' ? readGraphql(body) : undefined;
  const matched = parts.router.match(method, path);
  if (!graphql && !matched) return sendAnswer(incoming, outgoing, await answerOther(hub, url, method));
  const actor = await readActor(hub, incoming.headers.authorization).catch((error: unknown) => {
    if (error instanceof GitHubError) return error;
    throw error;
  });
  if (actor instanceof GitHubError) return sendAnswer(incoming, outgoing, errorAnswer(actor));
  const logged = parts.requests.add(describe(parts, { method, path, actor, matched, graphql }));
  const fault = parts.faults.strike(logged);
  if (fault?.action.when === 'before' && !(await applyFault(parts.faults, fault, incoming, outgoing))) {
    logged.status = outgoing.headersSent ? outgoing.statusCode : 0;
    return;
  }
  const answer = await answerErrors(async () => {
    if (graphql) return answerGraphql(parts, actor, graphql);
    const accept = incoming.headers.accept ?? '';
    const request = { actor, query: url.searchParams, body: parseJson(body), accept, path: `${path}${url.search}` };
    return answerRest(parts, matched as MatchedRoute, request);
  });
  hub.store.flush();
  if (fault?.action.when === 'after') await applyFault(parts.faults, fault, incoming, outgoing);
  sendAnswer(incoming, outgoing, answer);
  logged.status = outgoing.headersSent ? outgoing.statusCode : 0;
}

async function answerGraphql(parts: HandlerParts, actor: Actor, request: GraphqlRequest): Promise<RestAnswer> {
  if (actor.kind === 'anonymous') {
    throw new GitHubError('UNAUTHENTICATED', 'This endpoint requires you to be authenticated.');
  }
  const { violations, ...answer } = await parts.graphql.execute(parts.hub, actor, request);
  parts.violations.add('graphql', violations);
  return { status: 200, body: answer };
}

/** Logs behind signed addresses, and pages for people. */
async function answerOther(hub: HandlerParts['hub'], url: URL, method: string): Promise<RestAnswer> {
  const log = hub.logUrls.verify(url.pathname, url.searchParams);
  if (log) {
    const run = [...hub.store.repositories.values()].flatMap((one) => one.runs).find((one) => one.id === log.runId);
    const job = run?.jobs.find((one) => one.id === log.jobId);
    return run && job ? { status: 200, text: hub.runs.readLog(hub, run, job) } : errorAnswer(notFound());
  }
  const page = method === 'GET' ? await renderPage(hub, url.pathname) : undefined;
  if (page === undefined) return errorAnswer(notFound());
  return {
    status: 200,
    text: page,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    },
  };
}

function describe(
  parts: HandlerParts,
  request: {
    method: string;
    path: string;
    actor: Actor;
    matched: MatchedRoute | undefined;
    graphql: GraphqlRequest | undefined;
  },
): Omit<LoggedRequest, 'id' | 'at' | 'status'> {
  const { method, path, actor, matched, graphql } = request;
  const login = accountOf(parts.hub, actor)?.login ?? null;
  if (graphql) {
    const { name, fields, isMutation } = parts.graphql.describe(graphql) ?? {
      name: null,
      fields: [],
      isMutation: false,
    };
    return {
      method,
      path,
      operation: 'graphql',
      name,
      fields,
      kind: isMutation ? 'write' : 'read',
      actor: actor.kind,
      login,
    };
  }
  const operation = matched?.operation ?? null;
  const isToken = operation === 'POST /app/installations/{installation_id}/access_tokens';
  const kind = isToken ? 'token' : method === 'GET' ? 'read' : 'write';
  return { method, path, operation, name: null, fields: [], kind, actor: actor.kind, login };
}

function readGraphql(body: Buffer): GraphqlRequest {
  const fields = parseJson(body);
  const known = isFields(fields) ? fields : {};
  return {
    query: readText(known, 'query') ?? '',
    variables: readFields(known, 'variables') ?? {},
    operationName: readText(known, 'operationName'),
  };
}

/**
 * @param controlled where given, the body must be declared as JSON: a page in somebody's browser can send other types
 *   across origins without asking
 * @throws GitHubError UNPROCESSABLE where it is no JSON
 */
function parseJson(body: Buffer, controlled?: IncomingMessage): unknown {
  if (controlled && controlled.method !== 'GET' && body.length > 0) {
    const type = controlled.headers['content-type'] ?? '';
    if (!type.startsWith('application/json')) throw new GitHubError('UNPROCESSABLE', 'Body should be application/json');
  }
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new GitHubError('UNPROCESSABLE', 'Problems parsing JSON');
  }
}

async function answerErrors(work: () => Promise<RestAnswer>): Promise<RestAnswer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GitHubError) return errorAnswer(error);
    throw error;
  }
}
