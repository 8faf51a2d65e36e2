import { isObject, type JsonObject } from '../protocol/json-rpc.ts';
import { META } from '../protocol/meta-keys.ts';
import { type Era, MODERN_VERSION, NEWEST_LEGACY_VERSION } from '../protocol/protocol-version.ts';
import { VERSION } from '../version.ts';

/** What the child told about itself, in `initialize` or `server/discover`. */
export interface ServerIdentity {
  era: Era;
  protocolVersion: string;
  capabilities: JsonObject;
  serverInfo: unknown;
  instructions: string | undefined;
  /** A request that a server with these capabilities must answer; used as a sign of life. */
  listMethod: string | undefined;
  /** The result as the child gave it. */
  result: JsonObject;
}

const CLIENT_INFO = { name: 'mcp-wrapper', version: VERSION };

/** What a legacy child is told of its client, unless a session has a child of its own. */
export interface ClientIdentity {
  capabilities: JsonObject;
  clientInfo: unknown;
}

export function initializeParams(client: { capabilities: JsonObject; clientInfo?: unknown }): JsonObject {
  return {
    protocolVersion: NEWEST_LEGACY_VERSION,
    capabilities: client.capabilities,
    clientInfo: isObject(client.clientInfo) ? client.clientInfo : CLIENT_INFO,
  };
}

/** `_meta` of a request to a modern child. */
export function modernRequestMeta(client: {
  capabilities: JsonObject;
  clientInfo?: unknown;
  logLevel?: string | undefined;
}): JsonObject {
  return {
    [META.protocolVersion]: MODERN_VERSION,
    [META.clientCapabilities]: client.capabilities,
    [META.clientInfo]: isObject(client.clientInfo) ? client.clientInfo : CLIENT_INFO,
    ...(client.logLevel !== undefined && { [META.logLevel]: client.logLevel }),
  };
}

/** @throws Error with a sentence for the log when the result is not one of `initialize` */
export function parseInitializeResult(result: unknown): ServerIdentity {
  if (!isObject(result) || typeof result.protocolVersion !== 'string') {
    throw new Error('the initialize result has no protocolVersion');
  }
  return identityOf(result, { era: 'legacy', protocolVersion: result.protocolVersion, serverInfo: result.serverInfo });
}

/** @throws Error with a sentence for the log when the result is not one of `server/discover`, or offers no version of ours */
export function parseDiscoverResult(result: unknown): ServerIdentity {
  if (!isObject(result) || !Array.isArray(result.supportedVersions)) {
    throw new Error('the server/discover result has no supportedVersions');
  }
  if (!result.supportedVersions.includes(MODERN_VERSION)) {
    throw new Error(`the server does not speak ${MODERN_VERSION}`);
  }
  const serverInfo = isObject(result._meta) ? result._meta[META.serverInfo] : undefined;
  return identityOf(result, { era: 'modern', protocolVersion: MODERN_VERSION, serverInfo });
}

function identityOf(
  result: JsonObject,
  known: Pick<ServerIdentity, 'era' | 'protocolVersion' | 'serverInfo'>,
): ServerIdentity {
  const capabilities = isObject(result.capabilities) ? result.capabilities : {};
  const listed = ['tools', 'prompts', 'resources'].find((name) => isObject(capabilities[name]));
  return {
    ...known,
    capabilities,
    instructions: typeof result.instructions === 'string' ? result.instructions : undefined,
    listMethod: listed && `${listed}/list`,
    result,
  };
}

/** The `initialize` result for a client: the child's own, or one made from what a modern child discovered of itself. */
export function initializeResultFor(server: ServerIdentity, protocolVersion: string): JsonObject {
  if (server.era === 'legacy') return { ...server.result, protocolVersion };
  return {
    protocolVersion,
    // Levels of log messages travel with each request there, so any modern server can be set to one.
    capabilities: { logging: {}, ...server.capabilities },
    serverInfo: isObject(server.serverInfo) ? server.serverInfo : { name: 'unknown', version: '0' },
    ...(server.instructions !== undefined && { instructions: server.instructions }),
  };
}
