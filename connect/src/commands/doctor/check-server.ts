import { isObject } from '../../bridge/json-rpc.ts';
import type { Remote } from '../../bridge/remote.ts';
import { explain, type RemoteFailure, toRemoteError } from '../../bridge/remote-failure.ts';
import { RpcFailure } from '../../bridge/upstream.ts';
import type { Settings } from '../../config/read-settings.ts';
import { SetupError } from '../../setup-error.ts';
import { listTools } from '../list-tools.ts';
import type { Check, CheckName } from './check.ts';

/** Requests whose median is the latency. */
const LATENCY_REQUESTS = 5;

/** What can only be seen by speaking MCP. The first failure ends it. */
export async function checkServer(remote: Remote, settings: Settings): Promise<Check[]> {
  const checks: Check[] = [];
  const start = performance.now();
  try {
    const tools = await listTools(remote);
    const { era, server } = remote;
    const ms = since(start);
    checks.push({ name: 'sign-in', state: 'ok', detail: describeSignIn(settings) });
    const version = `${era} (${server?.protocolVersion})`;
    checks.push({ name: 'handshake', state: 'ok', detail: `${describeInfo(server?.serverInfo)}, ${version}`, ms });
    checks.push(describeTools(tools.map(({ name }) => name)));
    checks.push(await measureLatency(remote));
  } catch (error) {
    checks.push(...describeFailure(error, settings));
  }
  return checks;
}

function describeSignIn({ endpoint, options }: Settings): string {
  if (endpoint.key !== undefined && options.auth !== 'oauth' && options.auth !== 'none') return 'the key is accepted';
  return 'let in without a key';
}

function describeInfo(info: unknown): string {
  const { name, version } = isObject(info) ? info : {};
  const words = [name, version].filter((word) => typeof word === 'string');
  return words.length > 0 ? words.join(' ') : 'a server that does not say its name';
}

function describeTools(names: string[]): Check {
  if (names.length > 0) return { name: 'tools', state: 'ok', detail: `${names.length}: ${names.join(', ')}` };
  const cure = 'If it should have some, look at the log of the server.';
  return { name: 'tools', state: 'warning', detail: 'the server has none', cure };
}

async function measureLatency(remote: Remote): Promise<Check> {
  const times: number[] = [];
  for (let i = 0; i < LATENCY_REQUESTS; i += 1) {
    const start = performance.now();
    await remote.request('tools/list');
    times.push(since(start));
  }
  const median = times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
  return { name: 'latency', state: 'ok', detail: `median of ${LATENCY_REQUESTS} requests`, ms: median };
}

function describeFailure(error: unknown, settings: Settings): Check[] {
  const signedIn: Check = { name: 'sign-in', state: 'ok', detail: describeSignIn(settings) };
  if (error instanceof SetupError) return [failed('sign-in', error.message, error.hint)];
  if (error instanceof RpcFailure) {
    const cure = 'Ask the owner of the server to look at its log.';
    return [signedIn, failed('handshake', `the server refused: ${error.error.message} (${error.error.code})`, cure)];
  }
  const { failure } = toRemoteError(error);
  const { url } = settings.endpoint;
  const { state, cure } = explain(failure, { origin: url.origin + url.pathname, isRepeatable: true });
  if (!isRefusal(failure)) return [failed('handshake', state, cure)];
  return [failed('sign-in', state, cureOfRefusal(failure.status, settings) ?? cure)];
}

function isRefusal(failure: RemoteFailure): failure is Extract<RemoteFailure, { kind: 'http' }> {
  return failure.kind === 'http' && (failure.status === 401 || failure.status === 403);
}

function cureOfRefusal(status: number, { endpoint }: Settings): string | undefined {
  if (status !== 401) return undefined;
  if (endpoint.key === undefined) {
    return `Sign in with mcp-connect login ${endpoint.name}, or give the API key: mcp-connect setup asks for it.`;
  }
  return 'The API key is not that of this server, or was withdrawn: ask its owner for the current one.';
}

function failed(name: CheckName, detail: string, cure: string): Check {
  return { name, state: 'failed', detail, cure };
}

function since(start: number): number {
  return Math.round((performance.now() - start) * 10) / 10;
}
