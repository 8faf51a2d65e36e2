import type { ToolSummary } from '../domain/hosted-server.ts';

export type EndpointCheck =
  /** `toolCount`: how many the server named, of which `tools` are the first `STORED_TOOLS_MAX`. */
  | { ok: true; protocolVersion: string; tools: ToolSummary[]; toolCount: number }
  /** `reason` is one sentence for people; nothing of the reply's body is in it. */
  | { ok: false; reason: string };

export interface Endpoints {
  /** A real MCP handshake and `tools/list` against the public endpoint, within `timeoutMs`. Never throws. */
  verify(endpointUrl: string, accessKey: string | undefined, timeoutMs: number): Promise<EndpointCheck>;
  /** When keys were used last, by their ids, as the one pod that answers knows since its start. Never throws. */
  keyUses(endpointUrl: string, accessKey: string, timeoutMs: number): Promise<ReadonlyMap<string, Date>>;
}
