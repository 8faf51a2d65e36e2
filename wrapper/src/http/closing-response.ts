import { type IncomingMessage, ServerResponse } from 'node:http';

/**
 * Answers of `node:http` after which their connection ends, if that is so when the head is written: a request may have
 * come long before.
 */
export function closingWhen(isLast: () => boolean): typeof ServerResponse {
  return class<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
    override writeHead(...head: unknown[]): this {
      if (isLast()) this.shouldKeepAlive = false;
      return super.writeHead(...(head as Parameters<ServerResponse['writeHead']>));
    }
  };
}
