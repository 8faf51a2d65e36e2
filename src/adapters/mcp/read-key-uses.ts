import { createBoundedFetch } from './bounded-fetch.ts';

/** Keys of one server; a pod that tells of more is not ours. */
const USES_MAX = 1_000;

const SAMPLE = /^mcp_wrapper_key_last_used_timestamp_seconds\{key_id="([^"\\]{1,100})"\} ([0-9.e+]{1,30})$/gm;

/** When keys were used last, as the wrapper behind the endpoint tells in its metrics, by id. Never throws: none then. */
export async function readKeyUses(
  endpointUrl: string,
  accessKey: string,
  timeoutMs: number,
): Promise<ReadonlyMap<string, Date>> {
  const connections = createBoundedFetch();
  try {
    const response = await connections.fetch(new URL('/metrics', endpointUrl), {
      headers: { authorization: `Bearer ${accessKey}` },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return parseKeyUses(response.ok ? await response.text() : '');
  } catch {
    // What is told of keys is told without their last use rather than not at all.
    return new Map();
  } finally {
    await connections.destroy().catch(() => {
      // The agent is dropped anyway; its sockets end with it.
    });
  }
}

function parseKeyUses(text: string): ReadonlyMap<string, Date> {
  const uses = new Map<string, Date>();
  for (const [, id = '', seconds = ''] of text.matchAll(SAMPLE)) {
    const at = new Date(Number(seconds) * 1_000);
    if (uses.size < USES_MAX && !Number.isNaN(at.getTime())) uses.set(id, at);
  }
  return uses;
}
