import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { NeverSentError } from './http-error.ts';
import { CONNECT_TIMEOUT_MS, READ_BYTES, TCP_PROBE_MS } from './limits.ts';
import { lookupLocalhost } from './lookup-localhost.ts';
import { findProxy, hostOf, portOf } from './proxy.ts';
import { withCode } from './system-error.ts';

export interface SocketOptions {
  signal?: AbortSignal | undefined;
  /** What comes; the bytes are valid during the call only. Without it, the socket is a stream like any other. */
  onBytes?: (bytes: Buffer) => void;
  /** Of an earlier connection to the same target, which saves the better part of a handshake. */
  tlsSession?: Buffer | undefined;
  onTlsSession?: (session: Buffer) => void;
}

/**
 * Opens a connection to a URL's host, TLS included, through the proxy if the environment names one.
 * @throws NeverSentError
 */
export async function openSocket(url: URL, env: NodeJS.ProcessEnv, options: SocketOptions = {}): Promise<Socket> {
  const { signal } = options;
  const proxy = findProxy(url, env);
  const given = new AbortController();
  const giveUp = (): void => given.abort(signal?.reason);
  const timer = setTimeout(() => given.abort(withCode('ETIMEDOUT')), CONNECT_TIMEOUT_MS);
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted) giveUp();
  try {
    if (!proxy) return await openDirect(url, options, given.signal);
    // A proxy takes plain http as it is; only the target in the request's first line differs.
    if (url.protocol !== 'https:') return await openDirect(proxy, options, given.signal);
    const { openTunnel } = await import('./open-tunnel.ts');
    const tunnel = await openTunnel({ proxy, target: url, hop: await openDirect(proxy, {}, given.signal) });
    return await openTls(url, { ...options, socket: tunnel }, given.signal);
  } catch (error) {
    throw new NeverSentError(error as NodeJS.ErrnoException);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
}

function openDirect(url: URL, options: SocketOptions, signal: AbortSignal): Promise<Socket> {
  if (url.protocol === 'https:') return openTls(url, options, signal);
  const socket = connectTcp({ ...placeOf(url), ...readingTo(options.onBytes) });
  return connected(socket, 'connect', signal);
}

async function openTls(
  url: URL,
  { onBytes, tlsSession, onTlsSession, socket: tunnel }: SocketOptions & { socket?: Socket },
  signal: AbortSignal,
): Promise<Socket> {
  // Not for a server on this machine, for which it would only cost memory and time.
  const { connect } = await import('node:tls');
  const host = hostOf(url);
  const options: ConnectionOptions = {
    ...(tunnel ? { socket: tunnel } : { ...placeOf(url), ...readingTo(onBytes) }),
    // No name is sent for an address (RFC 6066, 3); the certificate is compared with `host` then.
    host,
    ...(isIP(host) === 0 && { servername: host }),
    ALPNProtocols: ['http/1.1'],
    ...(tlsSession && { session: tlsSession }),
  };
  const socket = connect(options);
  if (onTlsSession) socket.on('session', onTlsSession);
  if (tunnel && onBytes) socket.on('data', onBytes);
  return await connected(socket, 'secureConnect', signal);
}

function placeOf(url: URL): { host: string; port: number; lookup: typeof lookupLocalhost } & Record<string, unknown> {
  return {
    host: hostOf(url),
    port: portOf(url),
    lookup: lookupLocalhost,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: TCP_PROBE_MS,
  };
}

let readBuffer: Buffer | undefined;

/** All sockets read to one place, one after the other: with one for each read, buffers would be most of the memory. */
function readingTo(onBytes: ((bytes: Buffer) => void) | undefined): object {
  if (!onBytes) return {};
  readBuffer ??= Buffer.allocUnsafeSlow(READ_BYTES);
  const callback = (count: number, buffer: Uint8Array): boolean => {
    onBytes((buffer as Buffer).subarray(0, count));
    return true;
  };
  return { onread: { buffer: readBuffer, callback } };
}

function connected(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      socket.destroy(signal.reason);
    };
    const settle = (): void => {
      signal.removeEventListener('abort', abort);
      socket.off('error', fail).off('close', onClose).off(event, succeed);
    };
    const fail = (error: Error): void => {
      settle();
      // An error after this one, of a socket that nobody has, must not end the program.
      socket.on('error', () => {}).destroy();
      reject(error);
    };
    const onClose = (): void => fail(withCode('ECONNRESET'));
    const succeed = (): void => {
      settle();
      resolve(socket);
    };
    socket.once('error', fail).once('close', onClose).once(event, succeed);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}
