import type { HttpRequest } from '../http/http-exchange.ts';
import { Refusal } from '../http/refusal.ts';
import { ERROR } from '../protocol/json-rpc.ts';

/**
 * Node drops headers beyond `server.maxHeadersCount` without a word, the credential maybe among them. Set it to one more
 * than `headersMax`, and what is dropped is refused here.
 * @throws Refusal 431, or 400 for two Host headers, or none in HTTP/1.1 (RFC 9112, 3.2)
 */
export function checkHeaders(req: HttpRequest, headersMax: number): void {
  const { rawHeaders } = req;
  if (rawHeaders.length / 2 > headersMax) {
    const message = `The request has more than ${headersMax} headers`;
    throw new Refusal({ status: 431, reason: 'headers-too-large', code: ERROR.invalidRequest, message });
  }
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts > 1 || (hosts === 0 && 'httpVersion' in req && req.httpVersion === '1.1')) {
    const message = hosts > 1 ? 'The request has more than one Host header' : 'The request has no Host header';
    throw new Refusal({ status: 400, reason: 'bad-request', code: ERROR.invalidRequest, message });
  }
}
