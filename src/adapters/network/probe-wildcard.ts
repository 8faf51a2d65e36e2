import { lookup } from 'node:dns/promises';
import { connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import type { ShownCertificate, WildcardProbe } from '../../domain/doctor/diagnose-wildcard.ts';

/**
 * Where a name leads, and the certificate it shows. The connection is made whether the certificate is trusted or not,
 * since the certificate is what is looked at; nothing is sent over it.
 */
export async function probeWildcard(options: {
  host: string;
  port: number;
  tls: boolean;
  timeoutMs: number;
}): Promise<WildcardProbe> {
  const { host, port, tls, timeoutMs } = options;
  const addresses = await addressesOf(host);
  const [address] = addresses;
  const certificate =
    tls && address !== undefined ? await shownCertificate({ host, port, address, timeoutMs }) : undefined;
  return { host, port, addresses, certificate };
}

/** Names below `localhost` are this machine (RFC 6761); not every resolver knows. */
async function addressesOf(host: string): Promise<string[]> {
  if (/(^|\.)localhost$/i.test(host)) return ['127.0.0.1'];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
    throw error;
  }
}

function shownCertificate(options: {
  host: string;
  port: number;
  address: string;
  timeoutMs: number;
}): Promise<ShownCertificate | 'no-answer'> {
  const { host, port, address, timeoutMs } = options;
  return new Promise((resolve) => {
    const socket = connectTls({ host: address, port, servername: host, rejectUnauthorized: false }, () => {
      resolve(certificateOf(socket));
      socket.destroy();
    });
    const fail = () => {
      socket.destroy();
      resolve('no-answer');
    };
    socket.setTimeout(timeoutMs, fail);
    socket.once('error', fail);
    socket.once('close', fail);
  });
}

function certificateOf(socket: TLSSocket): ShownCertificate | 'no-answer' {
  const certificate: Partial<DetailedPeerCertificate> = socket.getPeerCertificate(true);
  if (certificate.valid_to === undefined) return 'no-answer';
  const names = (certificate.subjectaltname ?? '')
    .split(', ')
    .filter((name) => name.startsWith('DNS:'))
    .map((name) => name.slice('DNS:'.length));
  const { O, CN } = certificate.issuer ?? {};
  return {
    refusal: socket.authorized ? undefined : String(socket.authorizationError),
    names,
    validTo: new Date(certificate.valid_to),
    issuer: String(O ?? CN ?? 'an unnamed issuer'),
  };
}
