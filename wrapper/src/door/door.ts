import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../http/refusal.ts';

export interface DoorOptions {
  /** SHA-256 of the accepted keys in lower-case hex; empty: anyone may enter. */
  keyHashes: readonly string[];
  /** Host names of the endpoint; empty: any, unless the wrapper listens on loopback only. */
  allowedHosts: readonly string[];
  /** Full origins such as `https://app.example.com`, or `*`. */
  allowedOrigins: readonly string[];
  isLoopback: boolean;
}

/** Who came in: a short digest of the key, or `public`. Sessions and rate limits are kept by it. */
export type Principal = string;

/** Checks every request, sessions or not: Host, Origin (2025-11-25, transports, security warning), then the key. */
export class Door {
  readonly #options: DoorOptions;
  readonly #keyHashes: Buffer[];

  constructor(options: DoorOptions) {
    this.#options = options;
    this.#keyHashes = options.keyHashes.map((hex) => Buffer.from(hex, 'hex'));
  }

  /** @throws Refusal 401 or 403 */
  admit(req: IncomingMessage): Principal {
    this.checkHost(req);
    this.checkOrigin(req);
    return this.#checkKey(req);
  }

  /** @throws Refusal 403 */
  checkHost(req: IncomingMessage): void {
    const { allowedHosts, isLoopback } = this.#options;
    const host = hostNameOf(`http://${req.headers.host ?? ''}`);
    const isAllowed =
      allowedHosts.length > 0
        ? host !== undefined && allowedHosts.includes(host)
        : !isLoopback || (host !== undefined && isLoopbackName(host));
    if (isAllowed) return;
    throw new Refusal({ status: 403, reason: 'forbidden-host', message: 'This host name is not served here' });
  }

  /** Browsers send Origin; what is not a browser does not. @throws Refusal 403 */
  checkOrigin(req: IncomingMessage): void {
    const { origin } = req.headers;
    if (origin === undefined || this.#isAllowedOrigin(origin)) return;
    throw new Refusal({
      status: 403,
      reason: 'forbidden-origin',
      message: 'Web pages of this origin may not use this server',
    });
  }

  /** Only named origins, or pages of the endpoint's own host: `Host` alone proves nothing after DNS rebinding. */
  #isAllowedOrigin(origin: string): boolean {
    const { allowedHosts, allowedOrigins, isLoopback } = this.#options;
    if (allowedOrigins.includes('*') || allowedOrigins.includes(origin)) return true;
    const host = hostNameOf(origin);
    if (host === undefined) return false;
    return allowedHosts.includes(host) || (isLoopback && allowedHosts.length === 0 && isLoopbackName(host));
  }

  #checkKey(req: IncomingMessage): Principal {
    if (this.#keyHashes.length === 0) return 'public';
    const key = /^Bearer +(\S+) *$/i.exec(req.headers.authorization ?? '')?.[1];
    if (key === undefined) throw unauthorized('An API key is needed: send "Authorization: Bearer <key>"', 'Bearer');
    const hash = createHash('sha256').update(key).digest();
    let isKnown = false;
    // Every hash is compared, so the time tells nothing about which one fitted.
    for (const known of this.#keyHashes) isKnown = timingSafeEqual(known, hash) || isKnown;
    if (!isKnown) throw unauthorized('This API key is not valid here', 'Bearer error="invalid_token"');
    return hash.toString('base64url', 0, 12);
  }
}

function unauthorized(message: string, challenge: string): Refusal {
  return new Refusal({ status: 401, reason: 'unauthorized', message, headers: { 'www-authenticate': challenge } });
}

/** Lower-case name without port; undefined for what is no http(s) origin. */
function hostNameOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname } = new URL(url);
  return (protocol === 'http:' || protocol === 'https:') && hostname !== '' ? hostname.toLowerCase() : undefined;
}

/** RFC 6761: every name under `localhost` is this machine. */
export function isLoopbackName(host: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[?::1\]?)$/.test(host);
}
