import type { ChildSupervisor } from '../child/child-supervisor.ts';
import { modernRequestMeta, type ServerIdentity } from '../child/server-identity.ts';
import { TOOL_PAGES_MAX } from '../limits.ts';
import { SHARED_CAPABILITIES } from '../protocol/client-capability.ts';
import { isObject } from '../protocol/json-rpc.ts';
import { findHeaderParameters, type HeaderParameter } from '../protocol/tool-headers.ts';

const NONE: readonly HeaderParameter[] = [];

/** Which parameters of the child's tools are mirrored into headers, as its `tools/list` says. Read once, on first need. */
export class ToolHeaderIndex {
  readonly #supervisor: ChildSupervisor;
  #tools: ReadonlyMap<string, readonly HeaderParameter[]> | undefined;
  #reading: Promise<void> | undefined;

  constructor(supervisor: ChildSupervisor) {
    this.#supervisor = supervisor;
  }

  /** The tools may be others now. */
  forget(): void {
    this.#tools = undefined;
  }

  of(tool: unknown): readonly HeaderParameter[] | Promise<readonly HeaderParameter[]> {
    if (this.#tools) return this.#lookUp(tool);
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading.then(() => this.#lookUp(tool));
  }

  #lookUp(tool: unknown): readonly HeaderParameter[] {
    return (typeof tool === 'string' && this.#tools?.get(tool)) || NONE;
  }

  /** A child that cannot tell its tools has none with mirrored parameters. */
  async #read(): Promise<void> {
    const found = new Map<string, HeaderParameter[]>();
    const { state } = this.#supervisor;
    if (state.kind === 'ready' && isObject(state.server.capabilities.tools)) {
      await this.#readPages(state.server, found).catch(() => {});
    }
    this.#tools = found;
  }

  async #readPages(server: ServerIdentity, found: Map<string, HeaderParameter[]>): Promise<void> {
    const _meta = server.era === 'modern' ? { _meta: modernRequestMeta({ capabilities: SHARED_CAPABILITIES }) } : {};
    let cursor: unknown;
    for (let page = 0; page < TOOL_PAGES_MAX; page++) {
      const params = { ..._meta, ...(cursor !== undefined && { cursor }) };
      const result = await this.#supervisor.request('tools/list', params);
      if (!isObject(result) || !Array.isArray(result.tools)) return;
      for (const tool of result.tools) {
        if (!isObject(tool) || typeof tool.name !== 'string') continue;
        const parameters = findHeaderParameters(tool.inputSchema);
        if (parameters.length > 0) found.set(tool.name, parameters);
      }
      cursor = result.nextCursor;
      if (typeof cursor !== 'string') return;
    }
  }
}
