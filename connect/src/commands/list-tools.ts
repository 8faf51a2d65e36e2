import { isObject } from '../bridge/json-rpc.ts';
import { TOOL_PAGES_MAX } from '../bridge/limits.ts';
import type { Remote } from '../bridge/remote.ts';

export interface Tool {
  name: string;
  title?: unknown;
  description?: unknown;
  inputSchema?: unknown;
}

/** All tools of a server, page by page. @throws RpcFailure, RemoteError, SetupError */
export async function listTools(remote: Remote, signal?: AbortSignal): Promise<Tool[]> {
  const tools: Tool[] = [];
  let cursor: unknown;
  for (let page = 0; page < TOOL_PAGES_MAX; page += 1) {
    const params = cursor === undefined ? undefined : { cursor };
    const result = await remote.request('tools/list', params, { ...(signal && { signal }) });
    const list = isObject(result) && Array.isArray(result.tools) ? result.tools : [];
    tools.push(
      ...list.filter((tool): tool is Tool & Record<string, unknown> => isObject(tool) && typeof tool.name === 'string'),
    );
    cursor = isObject(result) ? result.nextCursor : undefined;
    if (typeof cursor !== 'string') break;
  }
  return tools;
}
