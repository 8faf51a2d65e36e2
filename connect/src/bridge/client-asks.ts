import { ERROR, type JsonObject, type RequestId, type ResponseBody } from './json-rpc.ts';
import type { Ask } from './upstream.ts';

/** What the local client was asked and has not answered. Ids are our own: those of two sessions may be the same. */
export class ClientAsks {
  readonly #write: (message: JsonObject) => void;
  readonly #waiting = new Map<RequestId, (body: ResponseBody) => void>();
  #ids = 0;

  constructor(write: (message: JsonObject) => void) {
    this.#write = write;
  }

  ask({ method, params, signal }: Ask): Promise<ResponseBody> {
    this.#ids += 1;
    const id = `mcp-connect-${this.#ids}`;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      signal?.addEventListener('abort', () => this.#cancel(id), { once: true });
      this.#write({ jsonrpc: '2.0', id, method, ...(params && { params }) });
    });
  }

  answer(id: RequestId | null, body: ResponseBody): void {
    if (id === null) return;
    this.#waiting.get(id)?.(body);
    this.#waiting.delete(id);
  }

  #cancel(id: string): void {
    if (!this.#waiting.has(id)) return;
    this.#write({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
    this.answer(id, { error: { code: ERROR.internal, message: 'The server no longer wants an answer' } });
  }
}
