import type { HttpRequest } from '../http/http-exchange.ts';
import { Refusal } from '../http/refusal.ts';
import { isLoopbackName } from './is-loopback-name.ts';

export interface HostPolicyOptions {
  /** Host names of the endpoint; empty: any, unless the wrapper listens on loopback only. */
  allowedHosts: readonly string[];
  /** Full origins such as `https://app.example.com`, or `*`. */
  allowedOrigins: readonly string[];
  /** The endpoint's address as clients know it; its host and origin are always allowed. Empty: not known. */
  publicUrl: string;
  isLoopback: boolean;
}

/**
 * Against DNS rebinding: Origin is checked wherever it is sent (2025-11-25 and 2026-07-28, transports, security: present
 * and invalid is 403), Host against the names of the endpoint, since a rebound page of older browsers sends no Origin.
 */
export class HostPolicy {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #isLoopback: boolean;
  readonly #publicHost: string | undefined;
  /** Most requests carry the same Host as the one before: parsing it is saved. */
  #lastGoodHost: string | undefined;

  constructor({ allowedHosts, allowedOrigins, publicUrl, isLoopback }: HostPolicyOptions) {
    const own = publicUrl === '' ? undefined : new URL(publicUrl);
    // A public address alone does not close other names: probes and tests come by address.
    this.#hosts = new Set(own && allowedHosts.length > 0 ? [...allowedHosts, own.hostname] : allowedHosts);
    this.#origins = new Set(own ? [...allowedOrigins, own.origin] : allowedOrigins);
    this.#isLoopback = isLoopback;
    this.#publicHost = own?.hostname;
  }

  /** @throws Refusal 403 */
  checkHost(req: HttpRequest): void {
    const { host } = req.headers;
    if (host !== undefined && host === this.#lastGoodHost) return;
    const name = hostNameOf(`http://${host ?? ''}`);
    if (!this.#isAllowedHost(name)) {
      throw new Refusal({ status: 403, reason: 'forbidden-host', message: 'This host name is not served here' });
    }
    this.#lastGoodHost = host;
  }

  /** Browsers send Origin; what is not a browser does not. @throws Refusal 403 */
  checkOrigin(req: HttpRequest): void {
    const { origin } = req.headers;
    if (origin === undefined || this.#isAllowedOrigin(origin)) return;
    throw new Refusal({
      status: 403,
      reason: 'forbidden-origin',
      message: 'Web pages of this origin may not use this server',
    });
  }

  #isAllowedHost(name: string | undefined): boolean {
    if (this.#hosts.size > 0) return name !== undefined && this.#hosts.has(name);
    return !this.#isLoopback || (name !== undefined && (isLoopbackName(name) || name === this.#publicHost));
  }

  /** Only named origins, or pages of the endpoint's own host: `Host` alone proves nothing after DNS rebinding. */
  #isAllowedOrigin(origin: string): boolean {
    if (this.#origins.has('*') || this.#origins.has(origin)) return true;
    const host = hostNameOf(origin);
    if (host === undefined) return false;
    return this.#hosts.has(host) || (this.#isLoopback && this.#hosts.size === 0 && isLoopbackName(host));
  }
}

/** Lower-case name without port; undefined for what is no http(s) origin. */
function hostNameOf(url: string): string | undefined {
  // Nothing but a name and a port: no user, path or query that another parser might read as the name.
  if (!/^https?:\/\/[^/?#@\\\s]+$/i.test(url) || !URL.canParse(url)) return undefined;
  return new URL(url).hostname;
}
