import { isObject, type JsonObject } from './json-rpc.ts';
import { TOOLS_MAX } from './limits.ts';
import { type HeaderParameter, mirrorArguments, readHeaderParameters } from './tool-headers.ts';

/** The mirrored parameters of the server's tools, as far as they were listed. */
export class ToolIndex {
  readonly #parameters = new Map<string, readonly HeaderParameter[]>();
  readonly #log: (text: string) => void;

  constructor(log: (text: string) => void) {
    this.#log = log;
  }

  /** A page of `tools/list` without the tools whose definition is invalid; the rest is kept in mind. */
  take(result: unknown): unknown {
    if (!isObject(result) || !Array.isArray(result.tools)) return result;
    const tools = result.tools.filter((tool) => !isObject(tool) || this.#isUsable(tool));
    return tools.length === result.tools.length ? result : { ...result, tools };
  }

  headersFor(params: JsonObject | undefined): Record<string, string> {
    const parameters = typeof params?.name === 'string' ? this.#parameters.get(params.name) : undefined;
    return parameters ? mirrorArguments(parameters, params?.arguments) : {};
  }

  #isUsable(tool: JsonObject): boolean {
    const read = readHeaderParameters(tool.inputSchema);
    const name = String(tool.name);
    if ('problem' in read) {
      this.#log(`the tool "${name}" is left out: ${read.problem}`);
      this.#parameters.delete(name);
      return false;
    }
    if (read.parameters.length === 0) this.#parameters.delete(name);
    else if (this.#parameters.size < TOOLS_MAX) this.#parameters.set(name, read.parameters);
    return true;
  }
}
