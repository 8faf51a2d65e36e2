import { isObject, type JsonObject } from '../protocol/json-rpc.ts';
import { NEWEST_LEGACY_VERSION } from '../protocol/protocol-version.ts';
import { VERSION } from '../version.ts';

/** What the child told about itself when it was initialised. */
export interface ServerIdentity {
  protocolVersion: string;
  /** The whole `initialize` result, handed to clients with their own protocol version. */
  initializeResult: JsonObject;
  /** A request that a server with these capabilities must answer; used as a sign of life. */
  listMethod: string | undefined;
}

/**
 * Capabilities are empty since one child serves many clients: what one client can do (sampling, roots, elicitation)
 * must not be promised in the name of another.
 */
export function initializeParams(): JsonObject {
  return {
    protocolVersion: NEWEST_LEGACY_VERSION,
    capabilities: {},
    clientInfo: { name: 'mcp-wrapper', version: VERSION },
  };
}

/** @throws Error with a sentence for the log when the result is not one of `initialize`. */
export function parseInitializeResult(result: unknown): ServerIdentity {
  if (!isObject(result) || typeof result.protocolVersion !== 'string') {
    throw new Error('the initialize result has no protocolVersion');
  }
  const capabilities = isObject(result.capabilities) ? result.capabilities : {};
  const listed = ['tools', 'prompts', 'resources'].find((name) => isObject(capabilities[name]));
  return {
    protocolVersion: result.protocolVersion,
    initializeResult: result,
    listMethod: listed && `${listed}/list`,
  };
}
