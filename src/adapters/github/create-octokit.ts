import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import type { Log } from '../../ports/log.ts';
import { createBoundedFetch } from './bounded-fetch.ts';

export interface OctokitOptions {
  appId: number;
  /** PEM, PKCS#1 or PKCS#8. */
  privateKey: string;
  /** `https://api.github.com`, or `https://<host>/api/v3` of GitHub Enterprise Server. */
  apiUrl: string;
  /** For one request, its body included. */
  requestTimeoutMs: number;
  log: Log;
}

/**
 * Octokit of one installation, or of the App itself when no installation is given. It keeps its installation token until
 * a minute before that ends. Neither throttling nor retries are built in: limits are counted in Postgres over all
 * replicas, and jobs retry (docs/decisions/0002-github-limits.md).
 */
export function createOctokit(options: OctokitOptions, installationId?: number): Octokit {
  const { appId, privateKey, log } = options;
  return new Octokit({
    authStrategy: createAppAuth,
    auth: { appId, privateKey, ...(installationId === undefined ? {} : { installationId }) },
    baseUrl: options.apiUrl.replace(/\/+$/, ''),
    userAgent: 'mcp-hosting',
    request: { fetch: createBoundedFetch(options.requestTimeoutMs) },
    log: {
      debug: () => {},
      info: (message: string) => log.debug({ message }, 'GitHub request'),
      warn: (message: string) => log.warn({ message }, 'GitHub client warned'),
      error: (message: string) => log.debug({ message }, 'GitHub request failed'),
    },
  });
}
