import { setTimeout as pause } from 'node:timers/promises';
import { OAuthError, type OAuthTokens, selectClientAuthMethod } from '@modelcontextprotocol/client';
import { SetupError } from '../setup-error.ts';
import { quoteServer } from './auth-error.ts';
import { DEVICE_POLL_DEFAULT_S, DEVICE_POLL_MIN_S, DEVICE_SLOW_DOWN_S, SIGN_IN_TIMEOUT_MS } from './auth-limits.ts';
import { fetchGrantTokens } from './fetch-grant-tokens.ts';
import { DEVICE_GRANT, obtainClient } from './obtain-client.ts';
import { checkOpenable } from './open-browser.ts';
import type { SignInRequest, SignInResult } from './sign-in-request.ts';
import type { ClientIdentity } from './sign-in-store.ts';

/** A redirect URI that dynamic registration asks for and this grant never uses. */
const UNUSED_REDIRECT_URI = 'http://127.0.0.1/callback';

interface DeviceCode {
  deviceCode: string;
  userCode: string;
  verificationUri: URL;
  expiresInS: number;
  intervalS: number;
}

/** The endpoint of RFC 8628, 4; undefined where the server has none. */
export function deviceEndpoint({ server }: Pick<SignInRequest, 'server'>): string | undefined {
  const endpoint = (server.metadata as Record<string, unknown>).device_authorization_endpoint;
  return typeof endpoint === 'string' && URL.canParse(endpoint) ? endpoint : undefined;
}

/** Signs in on a machine without a browser: the person opens a page elsewhere and types a code (RFC 8628). */
export async function signInByDeviceCode(request: SignInRequest, endpoint: string): Promise<SignInResult> {
  const client = await obtainClient({ ...request, redirectUri: UNUSED_REDIRECT_URI });
  const device = await requestCode({ request, client, endpoint });
  const minutes = Math.ceil(device.expiresInS / 60);
  request.signIn.log(
    `sign in to ${request.name}: open ${device.verificationUri.href} and type the code ${device.userCode} (valid for ${minutes} min)`,
  );
  return { tokens: await poll({ request, client, device }), client };
}

async function requestCode(options: {
  request: SignInRequest;
  client: ClientIdentity;
  endpoint: string;
}): Promise<DeviceCode> {
  const { request, client, endpoint } = options;
  const { server, scope, fetch } = request;
  const body = new URLSearchParams({ client_id: client.client_id, resource: server.resource });
  if (scope !== undefined) body.set('scope', scope);
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
  };
  const method = selectClientAuthMethod(client, server.metadata.token_endpoint_auth_methods_supported ?? []);
  if (method === 'client_secret_post') body.set('client_secret', client.client_secret ?? '');
  if (method === 'client_secret_basic') {
    headers.authorization = `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`;
  }
  const res = await fetch(endpoint, { method: 'POST', headers, body: body.toString(), redirect: 'manual' });
  const answer: unknown = await res.json().catch(() => undefined);
  const device = parseDeviceCode(answer);
  if (!res.ok || !device) {
    const code = isRecord(answer) && typeof answer.error === 'string' ? answer.error : `status ${res.status}`;
    throw new OAuthError(quoteServer(code), 'no device code was given');
  }
  checkOpenable(device.verificationUri, request.signIn.allowHttp);
  return device;
}

function parseDeviceCode(value: unknown): DeviceCode | undefined {
  if (!isRecord(value)) return undefined;
  const { device_code, user_code, verification_uri, expires_in, interval = DEVICE_POLL_DEFAULT_S } = value;
  if (typeof device_code !== 'string' || typeof user_code !== 'string') return undefined;
  if (typeof verification_uri !== 'string' || !URL.canParse(verification_uri)) return undefined;
  if (typeof expires_in !== 'number' || typeof interval !== 'number') return undefined;
  return {
    deviceCode: device_code,
    userCode: quoteServer(user_code),
    verificationUri: new URL(verification_uri),
    expiresInS: Math.min(expires_in, SIGN_IN_TIMEOUT_MS / 1000),
    intervalS: Math.max(interval, DEVICE_POLL_MIN_S),
  };
}

async function poll(options: {
  request: SignInRequest;
  client: ClientIdentity;
  device: DeviceCode;
}): Promise<OAuthTokens> {
  const { request, client, device } = options;
  const deadlineMs = performance.now() + device.expiresInS * 1000;
  const grant = { grant_type: DEVICE_GRANT, device_code: device.deviceCode };
  let intervalS = device.intervalS;
  while (performance.now() < deadlineMs) {
    const pauseMs = Math.min(intervalS * 1000, Math.max(deadlineMs - performance.now(), 0));
    await pause(pauseMs, undefined, { signal: request.signal });
    try {
      return await fetchGrantTokens({ request, client, grant });
    } catch (error) {
      if (error instanceof SetupError || request.signal.aborted) throw error;
      // Without an answer the code is as good as before (RFC 8628, 3.5).
      const code = error instanceof OAuthError ? error.code : 'unanswered';
      if (code === 'unanswered') intervalS *= 2;
      else if (code === 'slow_down') intervalS += DEVICE_SLOW_DOWN_S;
      else if (code === 'access_denied') throw denied(request.name);
      else if (code === 'expired_token') break;
      else if (code !== 'authorization_pending') throw error;
    }
  }
  throw new SetupError(
    'sign-in-timeout',
    `Cannot sign in to ${request.name}: nobody typed the code in time`,
    'Run mcp-connect login to try again.',
  );
}

function denied(name: string): SetupError {
  return new SetupError(
    'sign-in-denied',
    `Cannot sign in to ${name}: it was declined`,
    'Run mcp-connect login to try again.',
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
