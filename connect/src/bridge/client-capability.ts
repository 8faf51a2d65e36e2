import { isObject, type JsonObject } from './json-rpc.ts';

/** Requests a server may have for its client, and the capability each needs. */
const NEEDED: ReadonlyMap<string, string> = new Map([
  ['roots/list', 'roots'],
  ['sampling/createMessage', 'sampling'],
  ['elicitation/create', 'elicitation'],
]);

/**
 * What a client must declare before it may be asked this, in the shape of `requiredCapabilities`
 * (2026-07-28, MissingRequiredClientCapabilityError). Undefined for a method that no server may ask of a client.
 */
export function capabilityFor(ask: { method: string; params: JsonObject | undefined }): JsonObject | undefined {
  const name = NEEDED.get(ask.method);
  if (name === undefined) return undefined;
  if (name !== 'elicitation') return { [name]: {} };
  return { elicitation: ask.params?.mode === 'url' ? { url: {} } : { form: {} } };
}

/** `elicitation: {}` means forms alone, as before modes existed (2025-11-25, elicitation, capabilities). */
export function hasCapability(declared: JsonObject, needed: JsonObject): boolean {
  const [[name, modes] = ['', {}]] = Object.entries(needed);
  const own = declared[name];
  if (!isObject(own)) return false;
  const [mode] = Object.keys(modes as JsonObject);
  if (mode === undefined || own[mode] !== undefined) return true;
  return mode === 'form' && Object.keys(own).length === 0;
}
