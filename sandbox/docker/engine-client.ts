import type { Readable } from 'node:stream';
import { Client, type Dispatcher } from 'undici';
import type { EngineAddress } from './engine-address.ts';

/** Something that is no 2xx answer, in the engine's own words. */
export class EngineError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'EngineError';
    this.status = status;
  }
}

type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

interface EngineCall {
  query?: Query;
  /** Sent as JSON. */
  json?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** Status codes besides 2xx that are no error. */
  accept?: readonly number[];
  signal?: AbortSignal | undefined;
}

interface StreamCall extends EngineCall {
  body?: Readable;
  contentType?: string;
}

/** The Docker Engine API: https://docs.docker.com/reference/api/engine/ */
export interface EngineClient {
  /** @throws EngineError */
  request(method: Dispatcher.HttpMethod, path: string, call?: EngineCall): Promise<{ status: number; body: unknown }>;
  /** For answers that come bit by bit or after a long time. @throws EngineError */
  stream(method: Dispatcher.HttpMethod, path: string, call?: StreamCall): Promise<Readable>;
}

/** An answer that is no stream comes at once; an engine silent for longer hangs. */
const ANSWER_MS_MAX = 120_000;
/** The version whose documentation this was written by. Older engines speak an older one, the newest want a newer one. */
const API_VERSION = '1.43';
/** `docker` of 2019: below it, `platform` and some of the settings of containers are not there. */
const API_VERSION_MIN = '1.40';
/** Characters of an engine's message that are passed on. */
const MESSAGE_CHARACTERS_MAX = 2_000;

/** @param apiVersion what `chooseApiVersion` gave */
export function createEngineClient(address: EngineAddress, apiVersion: string): EngineClient {
  async function send(method: Dispatcher.HttpMethod, path: string, call: StreamCall, timeoutMs: number) {
    // A connection for each call: some stay open for as long as a container runs, and must not hold up others.
    const client = connect(address);
    const { json, body, query = {} } = call;
    const answer = await client
      .request({
        method,
        path: `/v${apiVersion}${path}${queryText(query)}`,
        headers: {
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...(call.contentType ? { 'content-type': call.contentType } : {}),
          ...call.headers,
        },
        body: json === undefined ? (body ?? null) : JSON.stringify(json),
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        ...(call.signal ? { signal: call.signal } : {}),
      })
      .catch(async (error: unknown) => {
        await client.destroy();
        throw error;
      });
    answer.body.once('close', () => void client.destroy());
    if (isFine(answer.statusCode, call.accept)) return answer;
    throw new EngineError(answer.statusCode, messageOf(await answer.body.text()));
  }

  return {
    async request(method, path, call = {}) {
      const { statusCode, body } = await send(method, path, call, ANSWER_MS_MAX);
      const text = await body.text();
      return { status: statusCode, body: parseJson(text) };
    },
    async stream(method, path, call = {}) {
      return (await send(method, path, call, 0)).body;
    },
  };
}

export interface EngineVersion {
  version: string;
  /** Versions of the API that it speaks. */
  api: { newest: string; oldest: string };
}

/**
 * Asks the engine for its version by `/version`, which answers below every API version.
 *
 * @returns undefined where nothing answers within `timeoutMs` or the answer is no engine's
 */
export async function askEngine(address: EngineAddress, timeoutMs: number): Promise<EngineVersion | undefined> {
  const client = connect(address);
  try {
    const { statusCode, body } = await client.request({
      method: 'GET',
      path: '/version',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const answer = parseJson(await body.text()) as Record<string, unknown> | undefined;
    const { Version: version, ApiVersion: newest, MinAPIVersion: oldest = '1.12' } = answer ?? {};
    if (statusCode !== 200 || typeof version !== 'string' || typeof newest !== 'string') return undefined;
    return { version, api: { newest, oldest: String(oldest) } };
  } catch {
    // Nobody listens, or it is closed to this account: there is no engine for us.
    return undefined;
  } finally {
    await client.destroy();
  }
}

/** @returns the version to speak, undefined where the engine is too old */
export function chooseApiVersion({ newest, oldest }: EngineVersion['api']): string | undefined {
  if (compareVersions(newest, API_VERSION_MIN) < 0) return undefined;
  if (compareVersions(newest, API_VERSION) < 0) return newest;
  return compareVersions(oldest, API_VERSION) > 0 ? oldest : API_VERSION;
}

function compareVersions(one: string, other: string): number {
  const [major = 0, minor = 0] = one.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major - otherMajor || minor - otherMinor;
}

function connect(address: EngineAddress): Client {
  return address.kind === 'socket'
    ? new Client('http://docker', { socketPath: address.path })
    : new Client(address.origin);
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of typeof value === 'string' ? [value] : (value ?? [])) parameters.append(name, each);
  }
  return parameters.size > 0 ? `?${parameters}` : '';
}

function isFine(status: number, accept: readonly number[] = []): boolean {
  // 304: a container that is stopped or started already.
  return (status >= 200 && status < 300) || status === 304 || accept.includes(status);
}

function messageOf(text: string): string {
  const answer = parseJson(text) as { message?: unknown } | undefined;
  return String(answer?.message ?? text)
    .trim()
    .slice(0, MESSAGE_CHARACTERS_MAX);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Plain text, such as an empty answer.
    return undefined;
  }
}
