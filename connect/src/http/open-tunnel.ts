import type { Socket } from 'node:net';
import { HEAD_BYTES_MAX } from './limits.ts';
import { parseHead } from './parse-head.ts';
import { hostOf, portOf, proxyAuthorization } from './proxy.ts';
import { renderHead } from './render-head.ts';
import { withCode } from './system-error.ts';

/**
 * Has a proxy connect to the target (CONNECT, RFC 9110, 9.3.6).
 * @param options.hop an open connection to the proxy
 * @returns the same, which now leads to the target
 * @throws Error `PROXY_AUTHENTICATION`, `PROXY_REFUSED`, the system's error
 */
export async function openTunnel({ proxy, target, hop }: { proxy: URL; target: URL; hop: Socket }): Promise<Socket> {
  const host = hostOf(target);
  const authority = `${host.includes(':') ? `[${host}]` : host}:${portOf(target)}`;
  const headers = { host: authority, ...proxyAuthorization(proxy) };
  hop.write(renderHead({ method: 'CONNECT', target: authority, headers }));
  const { text, rest } = await readHead(hop).catch((error: unknown) => {
    hop.destroy();
    throw error;
  });
  const status = parseHead(text)?.status ?? 0;
  if (status < 200 || status > 299) {
    hop.destroy();
    throw withCode(status === 407 ? 'PROXY_AUTHENTICATION' : 'PROXY_REFUSED');
  }
  if (rest.length > 0) hop.unshift(rest);
  return hop;
}

function readHead(hop: Socket): Promise<{ text: string; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const stop = (): void => {
      hop.off('data', take).off('error', fail).off('close', onClose);
    };
    const fail = (error: Error): void => {
      stop();
      reject(error);
    };
    const onClose = (): void => fail(withCode('PROXY_REFUSED'));
    const take = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0 && bytes.length > HEAD_BYTES_MAX) fail(withCode('PROXY_REFUSED'));
      if (end < 0) return;
      stop();
      hop.pause();
      resolve({ text: bytes.toString('latin1', 0, end), rest: bytes.subarray(end + 4) });
    };
    hop.on('data', take).once('error', fail).once('close', onClose);
  });
}
