import type { Log } from '../measure/log.ts';
import type { WrapperOptions } from '../options.ts';
import { Door, type DoorOptions } from './door.ts';
import { isLoopbackName } from './is-loopback-name.ts';
import { KeysFile } from './keys-file.ts';
import { ProtectedResource } from './protected-resource.ts';
import { TokenVerifier } from './token-verifier.ts';
import { VerifiedTokens } from './verified-tokens.ts';

/** The door as the options want it, and its keys file, which the caller starts to watch and stops. */
export function createDoor(
  options: WrapperOptions,
  { log, nowMs, onRevoked }: { log: Log; nowMs: () => number; onRevoked: (principalIds: ReadonlySet<string>) => void },
): { door: Door; keysFile: KeysFile | undefined } {
  const { keySha256, keysFile: path } = options;
  const oauth = options.oauthIssuer === '' ? undefined : createOauth(options, { log, nowMs });
  const door = new Door({
    hosts: { ...options, isLoopback: isLoopbackName(options.host) },
    keys: keySha256.map((sha256) => ({ sha256 })),
    needsKey: keySha256.length > 0 || path !== '',
    ...(oauth && { oauth }),
    nowMs,
  });
  const keysFile =
    path === ''
      ? undefined
      : new KeysFile({ path, log, nowMs, onChange: (keys) => onRevoked(door.replaceFileKeys(keys)) });
  return { door, keysFile };
}

function createOauth(
  { oauthIssuer: issuer, oauthAudience, oauthScopes: scopes, publicUrl }: WrapperOptions,
  { log, nowMs }: { log: Log; nowMs: () => number },
): NonNullable<DoorOptions['oauth']> {
  const audiences = oauthAudience.length > 0 ? oauthAudience : audiencesOf(publicUrl);
  return {
    verifier: new TokenVerifier({ issuer, audiences, nowMs, log }),
    resource: new ProtectedResource({ publicUrl, issuer, scopes }),
    verified: new VerifiedTokens({ nowMs }),
  };
}

/** One resource in the ways it is written: with and without a slash at its end, its host in any case (2026-07-28, canonical URI). */
function audiencesOf(publicUrl: string): string[] {
  const bare = publicUrl.replace(/\/$/, '');
  const canonical = new URL(publicUrl).href.replace(/\/$/, '');
  return [...new Set([publicUrl, bare, `${bare}/`, canonical, `${canonical}/`])];
}
