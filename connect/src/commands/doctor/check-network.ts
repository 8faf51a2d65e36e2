import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP } from 'node:net';
import { checkServerIdentity, connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import { errorCode } from '../../config/error-code.ts';
import type { Check } from './check.ts';

/** A certificate that ends within this time is worth a warning, in days. */
const CERTIFICATE_DAYS_MIN = 14;

/** Time for a connection, TLS included, in ms. */
const CONNECT_TIMEOUT_MS = 15_000;

const DAY_MS = 86_400_000;

/** Where the packets go: the server, or the proxy in front of it. */
export interface Hop {
  host: string;
  port: number;
}

/** The name's addresses. Names under `localhost` are this machine (RFC 6761), whatever the resolver knows. */
export async function checkName({ host }: Hop): Promise<Check> {
  if (isIP(host) > 0) return { name: 'name', state: 'ok', detail: `${host} is an address` };
  if (host.endsWith('.localhost')) return { name: 'name', state: 'ok', detail: '127.0.0.1, this machine' };
  const start = performance.now();
  try {
    const found = await lookup(host, { all: true });
    return { name: 'name', state: 'ok', detail: found.map(({ address }) => address).join(', '), ms: since(start) };
  } catch (error) {
    const code = errorCode(error);
    const cure =
      code === 'ENOTFOUND'
        ? 'Check the server id and the URL; a server that was deleted has no name any more.'
        : 'Check whether this machine is online, and its DNS server and VPN.';
    return { name: 'name', state: 'failed', detail: `${host} is not known (${code})`, cure, ms: since(start) };
  }
}

export async function checkConnection(hop: Hop): Promise<Check> {
  const start = performance.now();
  const { host, port } = hop;
  try {
    const address = await new Promise<string>((resolve, reject) => {
      const socket = connectTcp({ host: addressOf(host), port, timeout: CONNECT_TIMEOUT_MS });
      socket.once('connect', () => {
        resolve(socket.remoteAddress ?? host);
        socket.destroy();
      });
      socket.once('timeout', () => socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
      socket.once('error', reject);
    });
    return { name: 'connection', state: 'ok', detail: `${address} port ${port}`, ms: since(start) };
  } catch (error) {
    const code = connectionCode(error);
    const detail = `${host} port ${port} cannot be reached (${code})`;
    return { name: 'connection', state: 'failed', detail, cure: cureOfConnection(code), ms: since(start) };
  }
}

/** The certificate and until when it is valid. @param now to count its days */
export async function checkCertificate({ host, port }: Hop, now: Date): Promise<Check> {
  const start = performance.now();
  let socket: TLSSocket;
  try {
    socket = await openTls({ host, port });
  } catch (error) {
    const detail = `no TLS with ${host} port ${port} (${connectionCode(error)})`;
    const cure = 'Check the URL: https needs a server that speaks TLS at this port, and no proxy that breaks it.';
    return { name: 'certificate', state: 'failed', detail, cure, ms: since(start) };
  }
  const certificate = socket.getPeerCertificate();
  const problem = socket.authorized ? undefined : errorCode({ code: String(socket.authorizationError) });
  socket.destroy();
  const wrongName = isIP(host) > 0 && problem ? undefined : checkServerIdentity(host, certificate);
  return { ...judge({ host, certificate, problem, isWrongName: wrongName !== undefined, now }), ms: since(start) };
}

function judge(options: {
  host: string;
  certificate: PeerCertificate;
  problem: string | undefined;
  isWrongName: boolean;
  now: Date;
}): Check {
  const { host, certificate, problem, isWrongName, now } = options;
  const end = new Date(certificate.valid_to);
  const day = end.toISOString().slice(0, 10);
  const issuer = certificate.issuer.O ?? certificate.issuer.CN ?? 'nobody';
  const name = 'certificate' as const;
  if (end < now) {
    const cure = 'The owner of the server has to renew it. If it is new, check the date of this machine.';
    return { name, state: 'failed', detail: `ended on ${day} (CERT_HAS_EXPIRED)`, cure };
  }
  if (new Date(certificate.valid_from) > now) {
    const detail = `begins on ${certificate.valid_from} only (CERT_NOT_YET_VALID)`;
    return { name, state: 'failed', detail, cure: 'Check the date of this machine.' };
  }
  if (problem !== undefined) {
    const cure =
      'For a private authority, or a company’s proxy that looks into TLS, name its certificate file in NODE_EXTRA_CA_CERTS.';
    return { name, state: 'failed', detail: `by ${issuer}, which is not trusted here (${problem})`, cure };
  }
  if (isWrongName) {
    const names = certificate.subjectaltname?.replace(/DNS:/g, '') ?? certificate.subject.CN;
    return { name, state: 'failed', detail: `is for ${names}, not for ${host}`, cure: 'Check the URL.' };
  }
  const days = Math.floor((end.getTime() - now.getTime()) / DAY_MS);
  const detail = `valid until ${day} (${days} days), by ${issuer}`;
  if (days >= CERTIFICATE_DAYS_MIN) return { name, state: 'ok', detail };
  return { name, state: 'warning', detail, cure: 'Tell the owner of the server that it ends soon.' };
}

/** Without verification, so that a bad certificate can be described. Nothing is sent over the connection. */
function openTls({ host, port }: Hop): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      host: addressOf(host),
      port,
      ...(isIP(host) === 0 && { servername: host }),
      rejectUnauthorized: false,
      timeout: CONNECT_TIMEOUT_MS,
    });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('timeout', () => socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
    socket.once('error', reject);
  });
}

function cureOfConnection(code: string): string {
  if (code === 'ECONNREFUSED') return 'Check the URL and the port, and whether the server runs.';
  if (code === 'ENETUNREACH' || code === 'EHOSTUNREACH') return 'Check whether this machine is online, and its VPN.';
  return 'Check your network, VPN and firewall; behind a proxy, set HTTPS_PROXY.';
}

/** Node.js tries all addresses of a name and puts their errors together. */
function connectionCode(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  return errorCode(first);
}

function addressOf(host: string): string {
  return host.endsWith('.localhost') ? '127.0.0.1' : host;
}

function since(start: number): number {
  return Math.round((performance.now() - start) * 10) / 10;
}
