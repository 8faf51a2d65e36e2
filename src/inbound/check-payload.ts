/**
 * Levels of arrays and objects. GitHub's own payloads have about ten, and what people may put into one is bounded by
 * nothing but its size: tens of thousands of levels exhaust the stack of `JSON.stringify` and of Postgres.
 */
const PAYLOAD_LEVELS_MAX = 200;

/** @returns why a webhook's body can never be recorded as a delivery, or undefined when it can */
export function checkPayload(body: string): string | undefined {
  let payload: unknown;
  try {
    payload = JSON.parse(body);
  } catch {
    return 'The body is not JSON.';
  }
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    return 'The body is not a JSON object.';
  if (hasMoreLevels(payload, PAYLOAD_LEVELS_MAX)) return `The body is nested deeper than ${PAYLOAD_LEVELS_MAX} levels.`;
  return undefined;
}

/** Level by level, since a recursion would have the very limit that it is to guard. */
function hasMoreLevels(payload: object, levelsMax: number): boolean {
  let level: object[] = [payload];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > levelsMax) return true;
    level = level.flatMap((parent) => Object.values(parent).filter(isObject));
  }
  return false;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
