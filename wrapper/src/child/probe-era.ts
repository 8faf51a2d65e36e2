import { ERA_PROBE_GRACE_MS, ERA_PROBE_TIMEOUT_MS } from '../limits.ts';
import { classifyMessage, ERROR, isObject, type JsonObject, type Response } from '../protocol/json-rpc.ts';
import { type Era, MODERN_VERSION } from '../protocol/protocol-version.ts';
import { type ChildCommand, StdioChild } from './child-process.ts';
import { modernRequestMeta } from './server-identity.ts';

const DISCOVER_ID = 'era-probe';
const PING_ID = 'era-probe-ping';

/**
 * Tells whether the server speaks 2026-07-28, by `server/discover` to a sibling that is thrown away: some servers exit
 * on any request before `initialize`. Whatever is no modern answer means legacy (2026-07-28, stdio, backward
 * compatibility). A `ping` follows: one that answers it has passed `server/discover` over.
 */
export async function probeEra(command: ChildCommand): Promise<Era> {
  let settle: (era: Era) => void = () => {};
  const answered = new Promise<Era>((resolve) => {
    settle = resolve;
  });
  const sibling = new StdioChild(command, {
    line: (text) => {
      const response = parseResponse(text);
      if (response?.id === DISCOVER_ID) settle(eraOf(response));
      else if (response?.id === PING_ID) setTimeout(() => settle('legacy'), ERA_PROBE_GRACE_MS).unref();
    },
    oversized: () => {},
    stderrLine: () => {},
    exit: () => settle('legacy'),
  });
  const params = { _meta: modernRequestMeta({ capabilities: {} }) };
  sibling.writeLine(JSON.stringify({ jsonrpc: '2.0', id: DISCOVER_ID, method: 'server/discover', params }));
  sibling.writeLine(JSON.stringify({ jsonrpc: '2.0', id: PING_ID, method: 'ping', params }));
  const timer = setTimeout(() => settle('legacy'), ERA_PROBE_TIMEOUT_MS);
  const era = await answered;
  clearTimeout(timer);
  void sibling.stop();
  return era;
}

function parseResponse(text: string): Response | undefined {
  try {
    const message = classifyMessage(JSON.parse(text));
    return message.kind === 'response' ? message : undefined;
  } catch {
    return undefined;
  }
}

function eraOf({ body }: Response): Era {
  if ('result' in body) return offersModern(body.result, 'supportedVersions') ? 'modern' : 'legacy';
  const { error } = body;
  const isVersionError = isObject(error) && error.code === ERROR.unsupportedVersion;
  return isVersionError && offersModern(error.data, 'supported') ? 'modern' : 'legacy';
}

function offersModern(value: unknown, key: keyof JsonObject): boolean {
  const versions = isObject(value) ? value[key] : undefined;
  return Array.isArray(versions) && versions.includes(MODERN_VERSION);
}
