import { withCode } from './system-error.ts';

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Anything else could end the line, and begin another (RFC 9110, 5.5). Above ASCII, servers differ in what they read. */
const VALUE = /^[\t\x20-\x7e]*$/;

/**
 * A request's head, up to the empty line that ends it (RFC 9112, 3 and 5).
 * @throws Error `ERR_INVALID_CHAR`
 */
export function renderHead({
  method,
  target,
  headers,
}: {
  method: string;
  target: string;
  headers: Record<string, string>;
}): string {
  let head = `${method} ${target} HTTP/1.1\r\n`;
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (!NAME.test(name) || !VALUE.test(value)) throw withCode('ERR_INVALID_CHAR');
    head += `${name}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}
