import { STATUS_CODES } from 'node:http';

/** What a client is told when no server can answer: always JSON, as MCP clients read it. */
export interface GatewayError {
  status: 400 | 404 | 502 | 503;
  code: 'bad-request' | 'unknown-host' | 'unknown-path' | 'bad-gateway' | 'no-ready-pod';
  message: string;
  hint: string;
}

/** A server that starts or is replaced is back within seconds. */
const retryAfterSeconds = 2;

/** An unknown host is shown at this length at most: it comes from a stranger. */
const hostCharactersMax = 100;

export function unknownHost(host: string): GatewayError {
  return {
    status: 404,
    code: 'unknown-host',
    message: `Cannot route to ${JSON.stringify(host.slice(0, hostCharactersMax))}: no server has this host name`,
    hint: 'Check the server id in the URL; a server that was deleted has no route any more.',
  };
}

export function unknownPath(): GatewayError {
  return {
    status: 404,
    code: 'unknown-path',
    message: 'Cannot route this path: the server has no route for it',
    hint: 'The endpoint of an MCP server ends in /mcp.',
  };
}

export function noReadyPod(): GatewayError {
  return {
    status: 503,
    code: 'no-ready-pod',
    message: 'Cannot reach the server: it has no ready pod',
    hint: 'It is starting, stopped or failing; try again in a moment or look at its status.',
  };
}

export function badGateway(): GatewayError {
  return {
    status: 502,
    code: 'bad-gateway',
    message: 'Cannot finish the request: the server broke the connection off',
    hint: 'Try again; if it stays so, look at the logs of the server.',
  };
}

export function malformedHost(): GatewayError {
  return {
    status: 400,
    code: 'bad-request',
    message: 'Cannot route: the Host header is malformed',
    hint: 'Send one Host.',
  };
}

/** @returns headers and body of the answer */
export function renderGatewayError(error: GatewayError): { headers: Record<string, string>; body: string } {
  const { status, code, message, hint } = error;
  const body = `${JSON.stringify({ error: { code, message, hint } })}\n`;
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  };
  if (status === 503) headers['retry-after'] = String(retryAfterSeconds);
  return { headers, body };
}

/** The same as raw bytes, for a connection that asked to be upgraded. */
export function renderRawGatewayError(error: GatewayError): string {
  const { headers, body } = renderGatewayError(error);
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}
