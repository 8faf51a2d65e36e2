import { SetupError } from '../setup-error.ts';

/** Length of a server id: a DNS-1123 label of the platform. */
const SERVER_ID_CHARACTERS_MAX = 50;

const PLACEHOLDER = '{server-id}';

export interface Endpoint {
  url: URL;
  key: string | undefined;
  /** How messages to people call it. */
  name: string;
}

/**
 * Where to connect.
 * @param options.target a server id, a whole URL, or nothing when `template` is a whole URL
 * @param options.template with `{server-id}`, or a whole URL; empty when none is configured
 * @throws SetupError server-id-invalid, server-id-missing, url-missing, url-invalid
 */
export function resolveUrl({ target, template }: { target: string | undefined; template: string }): URL {
  return parseUrl(target !== undefined && isWholeUrl(target) ? target : fillTemplate(target, template));
}

/**
 * @throws SetupError key-invalid, url-not-secure
 */
export function checkKey(
  key: string | undefined,
  { url, allowHttp }: { url: URL; allowHttp: boolean },
): string | undefined {
  const trimmed = key?.trim();
  if (trimmed === undefined || trimmed === '') return undefined;
  if (!/^[\x21-\x7e]+$/.test(trimmed)) {
    throw new SetupError(
      'key-invalid',
      'Cannot use the API key: it holds spaces or characters that no key has',
      'Copy it again, without quotes or line breaks.',
    );
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && !allowHttp) {
    throw new SetupError(
      'url-not-secure',
      `Cannot send the API key to ${url.origin}: http is not encrypted, expected https`,
      'Use an https URL, or --allow-http where the network is yours.',
    );
  }
  return trimmed;
}

export function isWholeUrl(target: string): boolean {
  return /^https?:\/\//i.test(target);
}

function fillTemplate(target: string | undefined, template: string): string {
  if (target !== undefined) checkServerId(target);
  if (template === '') {
    throw new SetupError(
      'url-missing',
      `Cannot find the endpoint of ${target ?? 'a server'}: no URL is configured`,
      "Set MCP_CONNECT_URL to your platform's template, such as https://{server-id}.mcp.example.com/mcp, or give a whole URL.",
    );
  }
  if (!template.includes(PLACEHOLDER)) return template;
  if (target !== undefined) return template.replaceAll(PLACEHOLDER, target);
  throw new SetupError(
    'server-id-missing',
    'Cannot find the endpoint: no server id was given',
    'Run mcp-connect <server-id>.',
  );
}

function checkServerId(target: string): void {
  if (target.length <= SERVER_ID_CHARACTERS_MAX && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(target)) return;
  throw new SetupError(
    'server-id-invalid',
    'Cannot use the server id: it is not one, expected lower-case letters, digits and dashes, such as hello-q7m2d4',
    'Copy it from the comment in the server repository, or give a whole URL with https://.',
  );
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url && isHttp && url.username === '' && url.password === '') return url;
  throw new SetupError(
    'url-invalid',
    'Cannot use the URL: it is not an http(s) URL without user name and password',
    'Correct MCP_CONNECT_URL, the config file or the argument.',
  );
}

function isLoopback(host: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(host);
}
