import { ERROR, type JsonObject } from './json-rpc.ts';
import { RpcFailure } from './upstream.ts';

/**
 * A message as it is sent. `JSON.stringify` recurses, unlike `JSON.parse`.
 * @throws RpcFailure for what is nested too deeply for the stack
 */
export function writeJson(message: JsonObject): string {
  try {
    return JSON.stringify(message);
  } catch {
    throw new RpcFailure({ code: ERROR.invalidRequest, message: 'The message is nested too deeply' });
  }
}
