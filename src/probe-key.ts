import { hkdfSync } from 'node:crypto';

/** 256 bits, as every access key has. */
const PROBE_KEY_BYTES = 32;

/**
 * The access key by which the bot tries a server's endpoint. It is made of the App's private key whenever it is needed, so
 * it is stored nowhere, and the same on every replica; whoever knows one learns nothing about another (RFC 5869).
 */
export function probeKey(privateKey: string, serverId: string): string {
  const bytes = hkdfSync('sha256', privateKey, '', `mcp-hosting probe key of ${serverId}`, PROBE_KEY_BYTES);
  return `mcp_${Buffer.from(bytes).toString('base64url')}`;
}
