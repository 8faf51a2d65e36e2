import { SERVER_ID_CHARACTERS_MAX } from './bridge/limits.ts';
import type { Config } from './config-file.ts';
import { SetupError } from './setup-error.ts';

export interface Endpoint {
  url: URL;
  key: string | undefined;
  /** How messages to people call it. */
  name: string;
}

const PLACEHOLDER = '{server-id}';

/**
 * Where to connect and with which key.
 * @param options.target a server id, a whole URL, or nothing when MCP_CONNECT_URL is a whole URL
 * @throws SetupError server-id-invalid, url-missing, url-invalid, url-not-secure, key-invalid
 */
export function resolveEndpoint(options: {
  target: string | undefined;
  env: NodeJS.ProcessEnv;
  config: Config;
  allowHttp: boolean;
}): Endpoint {
  const { target, env, config, allowHttp } = options;
  const isWholeUrl = target !== undefined && /^https?:\/\//i.test(target);
  const url = parseUrl(isWholeUrl ? target : fillTemplate(target, env.MCP_CONNECT_URL || config.url));
  // A key meant for the platform's servers is not sent to an address somebody typed.
  const shared = isWholeUrl ? undefined : config.key;
  const own = target === undefined || !Object.hasOwn(config.keys, target) ? undefined : config.keys[target];
  const key = checkKey(env.MCP_CONNECT_KEY || (own ?? shared));
  if (key !== undefined && url.protocol === 'http:' && !isLoopback(url.hostname) && !allowHttp) {
    throw new SetupError(
      'url-not-secure',
      `Cannot send the API key to ${url.origin}: http is not encrypted, expected https`,
      'Use an https URL, or --allow-http where the network is yours.',
    );
  }
  return { url, key, name: isWholeUrl || target === undefined ? url.host : target };
}

function fillTemplate(target: string | undefined, template: string | undefined): string {
  if (target !== undefined) checkServerId(target);
  if (template === undefined) {
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

function checkKey(key: string | undefined): string | undefined {
  const trimmed = key?.trim();
  if (trimmed === undefined || trimmed === '') return undefined;
  if (/^[\x21-\x7e]+$/.test(trimmed)) return trimmed;
  throw new SetupError(
    'key-invalid',
    'Cannot use the API key: it holds spaces or characters that no key has',
    'Copy it again, without quotes or line breaks.',
  );
}

function isLoopback(host: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(host);
}
