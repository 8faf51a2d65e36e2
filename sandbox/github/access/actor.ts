import { jwtVerify } from 'jose';
import { GitHubError } from '../github-error.ts';
import { ACTIONS_BOT, type Hub } from '../hub.ts';
import type { AccessToken, Account, Installation } from '../store/entities.ts';

/** Who makes a request. */
export type Actor =
  | { kind: 'anonymous' }
  /** The App itself, by its JWT. */
  | { kind: 'app' }
  | { kind: 'installation'; token: AccessToken; installation: Installation }
  | { kind: 'person'; account: Account }
  /** The token of one workflow run. */
  | { kind: 'actions'; token: AccessToken };

/** GitHub refuses a JWT that lives longer; a minute more is for clocks that differ. */
const JWT_LIFETIME_SECONDS_MAX = 600;
const CLOCK_TOLERANCE_SECONDS = 60;

/**
 * Reads an Authorization header: `Bearer` or `token` with a JWT or a token, or `Basic` as git sends it, with the token as
 * password (or as user name).
 * @throws GitHubError UNAUTHENTICATED for anything that is there but not valid
 */
export async function readActor(hub: Hub, authorization: string | undefined): Promise<Actor> {
  if (!authorization) return { kind: 'anonymous' };
  const [scheme = '', value = ''] = authorization.trim().split(/\s+/, 2);
  if (/^(bearer|token)$/i.test(scheme)) return value.includes('.') ? readJwt(hub, value) : readToken(hub, value);
  if (/^basic$/i.test(scheme)) {
    const [user = '', password = ''] = Buffer.from(value, 'base64').toString().split(':', 2);
    return readToken(hub, password || user);
  }
  throw new GitHubError('UNAUTHENTICATED', 'Bad credentials');
}

/** The account in whose name the actor's writes appear; undefined for those that have none. */
export function accountOf(hub: Hub, actor: Actor): Account | undefined {
  switch (actor.kind) {
    case 'person':
      return actor.account;
    case 'installation':
      return hub.store.account(hub.app.botId);
    case 'actions':
      return hub.store.account(ACTIONS_BOT.id);
    default:
      return undefined;
  }
}

/** @throws GitHubError UNAUTHENTICATED for an actor in whose name nothing can be written */
export function requireAccount(hub: Hub, actor: Actor): Account {
  const account = accountOf(hub, actor);
  if (!account) throw new GitHubError('UNAUTHENTICATED', 'Requires authentication');
  return account;
}

function readToken(hub: Hub, text: string): Actor {
  const token = hub.store.token(text);
  if (!token || (token.expiresAt && Date.parse(token.expiresAt) <= Date.now())) {
    throw new GitHubError('UNAUTHENTICATED', 'Bad credentials');
  }
  if (token.kind === 'person') return { kind: 'person', account: hub.store.account(token.accountId) };
  if (token.kind === 'actions') return { kind: 'actions', token };
  const installation = hub.store.installations.find((one) => one.id === token.installationId);
  if (!installation) throw new GitHubError('UNAUTHENTICATED', 'Bad credentials');
  return { kind: 'installation', token, installation };
}

async function readJwt(hub: Hub, jwt: string): Promise<Actor> {
  const verified = await jwtVerify(jwt, hub.app.publicKey, {
    algorithms: ['RS256'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ['iss', 'exp', 'iat'],
  }).catch(() => undefined);
  if (!verified) throw new GitHubError('UNAUTHENTICATED', 'A JSON web token could not be decoded');
  const { iss, exp = 0 } = verified.payload;
  if (String(iss) !== String(hub.app.id)) {
    throw new GitHubError('UNAUTHENTICATED', "'Issuer' claim ('iss') must be an Integer");
  }
  if (exp - Date.now() / 1_000 > JWT_LIFETIME_SECONDS_MAX + CLOCK_TOLERANCE_SECONDS) {
    throw new GitHubError('UNAUTHENTICATED', "'Expiration time' claim ('exp') is too far in the future");
  }
  return { kind: 'app' };
}
