import { createPrivateKey } from 'node:crypto';
import type { RouteSettings } from './domain/overlay-input.ts';
import { isRegistryAddress } from './domain/registry-address.ts';
import { parseRepositoryName, type RepositoryName } from './domain/repository.ts';

/** All that the bot is told from outside. `docs/configuration.md` lists every variable. */
export interface Config {
  host: string;
  port: number;
  logLevel: string;
  appId: number;
  privateKey: string;
  webhookSecret: string;
  githubApiUrl: string;
  githubWebUrl: string;
  githubRequestTimeoutMs: number;
  databaseUrl: string;
  databaseConnectionsMax: number;
  deploymentsRepository: RepositoryName;
  imageRepositoryTemplate: string;
  endpointUrlTemplate: string;
  route: RouteSettings;
  /** undefined: the Pod's own service account. */
  kubeconfigPath: string | undefined;
  serversNamespace: string;
  argocdNamespace: string;
  reconcileIntervalMs: number;
  driftIntervalMs: number;
  /** 0: no metrics are served. */
  metricsPort: number;
}

export type ParsedConfig = { ok: true; config: Config } | { ok: false; problems: string[] };

type Env = Readonly<Record<string, string | undefined>>;

/** Shorter webhook secrets can be guessed; GitHub advises high entropy. */
const WEBHOOK_SECRET_CHARS_MIN = 16;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/**
 * Reads the configuration and reports every problem at once. Pure: `PRIVATE_KEY_PATH` is read by `readFile`, which is
 * given. No secret has a default, and no value of a secret is in a problem.
 */
export function parseConfig(env: Env, readFile: (path: string) => string): ParsedConfig {
  const problems: string[] = [];
  const reader = createReader(env, problems);
  const deploymentsRepository = readRepository(reader, problems);
  const githubApiUrl = reader.url('GITHUB_API_URL', 'https://api.github.com');
  const config: Config = {
    host: reader.text('HOST', '0.0.0.0'),
    port: reader.integer('PORT', { fallback: 3000, min: 0, max: 65_535 }),
    logLevel: reader.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    appId: readAppId(reader),
    privateKey: readPrivateKey(env, readFile, problems),
    webhookSecret: readWebhookSecret(env, problems),
    githubApiUrl,
    githubWebUrl: webUrlOf(githubApiUrl),
    githubRequestTimeoutMs: reader.integer('GITHUB_REQUEST_TIMEOUT_MS', { fallback: 10_000, min: 500, max: 60_000 }),
    databaseUrl: readDatabaseUrl(env, problems),
    databaseConnectionsMax: reader.integer('DATABASE_CONNECTIONS_MAX', { fallback: 15, min: 8, max: 200 }),
    deploymentsRepository,
    imageRepositoryTemplate: readImageRepository(reader, problems),
    endpointUrlTemplate: readEndpointUrl(env, problems),
    route: readRoute(reader),
    kubeconfigPath: env.KUBECONFIG || undefined,
    serversNamespace: reader.objectName('SERVERS_NAMESPACE', 'mcp-servers'),
    argocdNamespace: reader.objectName('ARGOCD_NAMESPACE', 'argocd'),
    reconcileIntervalMs: reader.integer('RECONCILE_INTERVAL_MS', { fallback: 300_000, min: 1_000, max: 86_400_000 }),
    driftIntervalMs: reader.integer('DRIFT_INTERVAL_MS', { fallback: 600_000, min: 1_000, max: 86_400_000 }),
    metricsPort: reader.integer('METRICS_PORT', { fallback: 0, min: 0, max: 65_535 }),
  };
  return problems.length === 0 ? { ok: true, config } : { ok: false, problems };
}

/** The App's credentials alone, for commands that need no more. */
export function parseAppCredentials(
  env: Env,
  readFile: (path: string) => string,
): { ok: true; appId: number; privateKey: string } | { ok: false; problems: string[] } {
  const problems: string[] = [];
  const appId = readAppId(createReader(env, problems));
  const privateKey = readPrivateKey(env, readFile, problems);
  return problems.length === 0 ? { ok: true, appId, privateKey } : { ok: false, problems };
}

function readAppId(reader: Reader): number {
  return reader.integer('APP_ID', { min: 1, max: Number.MAX_SAFE_INTEGER });
}

interface Reader {
  text(name: string, fallback?: string): string;
  objectName(name: string, fallback: string): string;
  integer(name: string, options: { fallback?: number; min: number; max: number }): number;
  oneOf(name: string, values: readonly string[], fallback: string): string;
  url(name: string, fallback: string): string;
}

/** DNS-1123, as Kubernetes has it for the names of most objects. */
const OBJECT_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
const OBJECT_NAME_CHARS_MAX = 253;

function createReader(env: Env, problems: string[]): Reader {
  return {
    text(name, fallback) {
      const value = env[name]?.trim() || fallback;
      if (value === undefined) problems.push(`${name} is not set.`);
      return value ?? '';
    },
    objectName(name, fallback) {
      const value = env[name]?.trim() || fallback;
      if (value.length > OBJECT_NAME_CHARS_MAX || !OBJECT_NAME.test(value)) {
        problems.push(`${name} is "${value}", expected a name in Kubernetes: a to z, 0 to 9, "-" and ".".`);
      }
      return value;
    },
    integer(name, { fallback, min, max }) {
      const text = env[name]?.trim();
      if (!text && fallback !== undefined) return fallback;
      const value = /^\d+$/.test(text ?? '') ? Number(text) : Number.NaN;
      if (value >= min && value <= max) return value;
      problems.push(
        text ? `${name} is "${text}", expected a whole number from ${min} to ${max}.` : `${name} is not set.`,
      );
      return min;
    },
    oneOf(name, values, fallback) {
      const value = env[name]?.trim() || fallback;
      if (!values.includes(value)) problems.push(`${name} is "${value}", expected one of ${values.join(', ')}.`);
      return value;
    },
    url(name, fallback) {
      const value = (env[name]?.trim() || fallback).replace(/\/+$/, '');
      if (!isHttpUrl(value)) problems.push(`${name} is "${value}", expected an http or https URL.`);
      return value;
    },
  };
}

function readRepository(reader: Reader, problems: string[]): RepositoryName {
  const text = reader.text('DEPLOYMENTS_REPOSITORY');
  const name = parseRepositoryName(text);
  if (text !== '' && !name) problems.push(`DEPLOYMENTS_REPOSITORY is "${text}", expected owner/name.`);
  return name ?? { owner: '', name: '' };
}

function readPrivateKey(env: Env, readFile: (path: string) => string, problems: string[]): string {
  const path = env.PRIVATE_KEY_PATH?.trim();
  const given = env.PRIVATE_KEY?.trim();
  if (!path && !given) {
    problems.push("PRIVATE_KEY or PRIVATE_KEY_PATH is not set: it is the GitHub App's private key in PEM form.");
    return '';
  }
  try {
    const pem = given ? given.replaceAll('\\n', '\n') : readFile(path as string);
    return createPrivateKey(pem).export({ type: 'pkcs8', format: 'pem' }).toString();
  } catch (error) {
    const reason =
      error instanceof Error && 'code' in error && error.code === 'ENOENT'
        ? 'there is no such file'
        : 'it is not a PEM private key';
    problems.push(
      given ? `PRIVATE_KEY cannot be used: ${reason}.` : `PRIVATE_KEY_PATH "${path}" cannot be used: ${reason}.`,
    );
    return '';
  }
}

function readWebhookSecret(env: Env, problems: string[]): string {
  const secret = env.WEBHOOK_SECRET ?? '';
  if (secret === '') {
    problems.push(
      "WEBHOOK_SECRET is not set: without it anyone could send webhooks. Use the GitHub App's webhook secret.",
    );
  } else if (secret.length < WEBHOOK_SECRET_CHARS_MIN) {
    problems.push(`WEBHOOK_SECRET has ${secret.length} characters, expected at least ${WEBHOOK_SECRET_CHARS_MIN}.`);
  }
  return secret;
}

function readDatabaseUrl(env: Env, problems: string[]): string {
  const text = env.DATABASE_URL?.trim() ?? '';
  if (text === '') problems.push('DATABASE_URL is not set: postgres://user:password@host:5432/database.');
  else if (!URL.canParse(text) || !/^postgres(ql)?:$/.test(new URL(text).protocol)) {
    problems.push('DATABASE_URL is not a postgres:// URL.');
  }
  return text;
}

function readEndpointUrl(env: Env, problems: string[]): string {
  const text = env.ENDPOINT_URL?.trim() ?? '';
  if (text === '') {
    problems.push('ENDPOINT_URL is not set: a template such as https://{server-id}.mcp.example.com/mcp.');
    return text;
  }
  const sample = text.replaceAll('{server-id}', 'a-k3v9x2');
  const valid = isHttpUrl(sample) && new URL(sample).hostname.startsWith('a-k3v9x2.');
  if (!valid)
    problems.push(`ENDPOINT_URL is "${text}", expected an http or https URL whose host begins with {server-id}.`);
  return text;
}

function readImageRepository(reader: Reader, problems: string[]): string {
  const text = reader.text('IMAGE_REPOSITORY', 'ghcr.io/{owner}/mcp-servers');
  if (!isRegistryAddress(text.replaceAll('{owner}', 'acme'))) {
    problems.push(
      `IMAGE_REPOSITORY is "${text}", expected HOST[:PORT]/PATH in lower case, perhaps with {owner} in it.`,
    );
  }
  return text;
}

function readRoute(reader: Reader): RouteSettings {
  if (reader.oneOf('ROUTE', ['gateway', 'ingress'], 'gateway') === 'gateway') {
    return {
      kind: 'gateway',
      gatewayName: reader.objectName('GATEWAY_NAME', 'mcp'),
      gatewayNamespace: reader.objectName('GATEWAY_NAMESPACE', 'gateway'),
    };
  }
  return {
    kind: 'ingress',
    className: reader.objectName('INGRESS_CLASS', 'nginx'),
    clusterIssuer: reader.objectName('CLUSTER_ISSUER', 'letsencrypt-prod'),
  };
}

/** Where people look: github.com, an enterprise server's own host, or the API's host itself. */
function webUrlOf(apiUrl: string): string {
  if (apiUrl === 'https://api.github.com') return 'https://github.com';
  return apiUrl.replace(/\/api\/v3$/, '');
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
