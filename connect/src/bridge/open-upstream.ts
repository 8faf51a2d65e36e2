import { answerInRefusal, answerOf } from './answer-of.ts';
import { ERROR, isObject, type JsonObject, type ResponseBody } from './json-rpc.ts';
import { LegacyUpstream } from './legacy-upstream.ts';
import { ERA_PROBE_TIMEOUT_MS } from './limits.ts';
import { META, readMeta, withIdentity } from './meta.ts';
import { mirrorRequest } from './modern-headers.ts';
import { ModernUpstream } from './modern-upstream.ts';
import { type Era, LEGACY_VERSIONS, MODERN_VERSION } from './protocol-version.ts';
import { RemoteError } from './remote-failure.ts';
import type { ToolIndex } from './tool-index.ts';
import type { Transport } from './transport.ts';
import { RpcFailure, type Upstream, type UpstreamOptions } from './upstream.ts';

/**
 * Speaks to the server in the era that is known of it, or finds out by `server/discover` (2026-07-28, versioning). A
 * server of both eras is spoken to in the client's.
 * @throws RemoteError, RpcFailure
 */
export async function openUpstream(
  transport: Transport,
  options: UpstreamOptions,
  { knownEra, tools }: { knownEra: Era | undefined; tools: ToolIndex },
): Promise<Upstream> {
  if (knownEra === 'legacy') {
    try {
      return await LegacyUpstream.open(transport, options);
    } catch (error) {
      if (!isEraError(error)) throw error;
    }
  }
  let probe = await probeEra(transport, options);
  const prefersLegacy = probe.kind === 'both' && !options.client.isModern;
  if (probe.kind === 'legacy' || prefersLegacy) {
    try {
      return await LegacyUpstream.open(transport, options);
    } catch (error) {
      if (!isEraError(error)) throw error;
      // The refusal may have been a proxy's, before the server was there.
      probe = await probeEra(transport, options);
      if (probe.kind === 'legacy') throw error;
    }
  }
  const { result } = probe;
  const description = {
    era: 'modern',
    protocolVersion: MODERN_VERSION,
    capabilities: isObject(result.capabilities) ? result.capabilities : {},
    serverInfo: readMeta(result, META.serverInfo) ?? result.serverInfo,
    instructions: result.instructions,
    result,
  } as const;
  return new ModernUpstream(transport, options, { description, tools });
}

type Probe = { kind: 'legacy' } | { kind: 'modern' | 'both'; result: JsonObject };

async function probeEra(transport: Transport, options: UpstreamOptions): Promise<Probe> {
  // A server may refuse the version in one answer and name that very one in it, so it is asked again once.
  for (let attempt = 0; attempt < 2; attempt++) {
    const body = await discover(transport, options);
    if (!body) return { kind: 'legacy' };
    const { versions, result } = readVersions(body);
    const hasLegacy = versions.some((version) => LEGACY_VERSIONS.includes(version));
    if (versions.includes(MODERN_VERSION) && result) return { kind: hasLegacy ? 'both' : 'modern', result };
    if (hasLegacy || versions.length === 0) return { kind: 'legacy' };
    if (!versions.includes(MODERN_VERSION)) throw unsupported(versions);
  }
  return { kind: 'legacy' };
}

/** Undefined when the answer is none of a modern server. */
async function discover(transport: Transport, options: UpstreamOptions): Promise<ResponseBody | undefined> {
  const id = options.nextId();
  const method = 'server/discover';
  const params = withIdentity(undefined, { ...options.client, logLevel: undefined });
  try {
    const { body } = await answerOf(transport, {
      id,
      message: { jsonrpc: '2.0', id, method, params },
      headers: mirrorRequest({ method, params }),
      isRepeatable: true,
      silenceMs: ERA_PROBE_TIMEOUT_MS,
      onMessage: () => {},
    });
    return body;
  } catch (error) {
    const answer = answerInRefusal(error);
    if (answer) return answer;
    if (isLegacyRefusal(error)) return undefined;
    throw error;
  }
}

/** The versions that a modern server names in its result or its error; none for the answer of a legacy one. */
function readVersions(body: ResponseBody): { versions: string[]; result: JsonObject | undefined } {
  if ('result' in body) {
    const result = isObject(body.result) ? body.result : {};
    return { versions: strings(result.supportedVersions), result };
  }
  const error = isObject(body.error) ? body.error : {};
  const data = isObject(error.data) ? error.data : {};
  return { versions: error.code === ERROR.unsupportedVersion ? strings(data.supported) : [], result: undefined };
}

/** Statuses by which legacy servers refuse what they do not know, and a server that says nothing at all. */
function isLegacyRefusal(error: unknown): boolean {
  if (!(error instanceof RemoteError)) return false;
  const { failure } = error;
  if (failure.kind === 'network') return failure.wasSent && failure.code === 'ETIMEDOUT';
  return failure.kind === 'http' && LEGACY_REFUSALS.has(failure.status);
}

const LEGACY_REFUSALS: ReadonlySet<number> = new Set([400, 404, 405, 406, 415, 422, 500, 501]);

/** How a modern server answers `initialize`: by an error of its own, or a status that is about the request. */
function isEraError(error: unknown): boolean {
  if (error instanceof RpcFailure) return true;
  if (!(error instanceof RemoteError) || error.failure.kind !== 'http') return false;
  return [400, 404, 405, 422].includes(error.failure.status);
}

function unsupported(versions: string[]): RpcFailure {
  return new RpcFailure({
    code: ERROR.unsupportedVersion,
    message: `The server speaks only ${versions.join(', ')}, which this version of mcp-connect does not`,
    data: { supported: versions },
  });
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
