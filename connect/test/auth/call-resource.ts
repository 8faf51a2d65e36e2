import type { Credentials } from '../../src/auth/credentials.ts';

const RENEWALS_MAX = 5;

/** One request as the bridge makes it: repeated for as long as the credentials say that it is worth it. */
export async function callResource(options: {
  url: URL;
  credentials: Credentials;
  signal?: AbortSignal;
}): Promise<{ status: number; scope: string | undefined; authorization: string | undefined; renewals: number }> {
  const { url, credentials, signal = new AbortController().signal } = options;
  for (let renewals = 0; ; renewals += 1) {
    const authorization = await credentials.authorization();
    const res = await fetch(url, { method: 'POST', headers: { ...(authorization && { authorization }) }, body: '{}' });
    const { status } = res;
    const wwwAuthenticate = res.headers.get('www-authenticate') ?? undefined;
    const body = (await res.json()) as { scope?: string };
    const isRefused = status === 401 || status === 403;
    const isWorthIt =
      isRefused &&
      renewals < RENEWALS_MAX &&
      (await credentials.renew({ status, wwwAuthenticate, sent: authorization }, signal));
    if (!isWorthIt) return { status, scope: body.scope, authorization, renewals };
  }
}
