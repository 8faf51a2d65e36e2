import { type AccessKey, checkAccessKey } from '../domain/access-key.ts';
import type { HostedServer } from '../domain/hosted-server.ts';
import { isPublic } from '../domain/known-config.ts';
import { UserError } from '../domain/user-error.ts';
import { ensureProbeKey } from './ensure-probe-key.ts';
import { findLivingServer, removeIfDeleted } from './living-server.ts';
import type { Platform } from './platform.ts';
import { renewKeyFiles } from './renew-key-files.ts';

/** 256 bits: cannot be guessed, so one round of SHA-256 without salt is enough to store. */
const KEY_BYTES = 32;

/** An id is no secret; it need only be another one than the server's other keys have. */
const ID_BYTES = 6;

/** For the last uses, which a list can do without. */
const USES_TIMEOUT_MS = 3_000;

/** A key as it is told this once. */
export interface CreatedKey extends AccessKey {
  key: string;
  serverId: string;
  endpointUrl: string;
}

/**
 * Makes a key that the server's wrapper lets in as soon as the kubelet has renewed its file: within seconds as a rule.
 * @returns undefined where there is no such server
 * @throws UserError access-key-invalid, access-keys-too-many, server-public, server-deleted
 */
export async function createKey(
  platform: Platform,
  request: { serverId: string; name: string; expiresAt: Date | null; requestedBy: string },
): Promise<CreatedKey | undefined> {
  const { serverId, expiresAt, requestedBy } = request;
  const server = await findLivingServer(platform, serverId, 'make a key of');
  if (!server) return undefined;
  if (isPublic({ server, newest: await platform.rollouts.newest(serverId) })) throw serverPublic(serverId);
  const now = platform.now();
  const name = checkAccessKey({ name: request.name, expiresAt, now });
  const id = hex(platform.randomBytes(ID_BYTES));
  const key = `mcp_${base64Url(platform.randomBytes(KEY_BYTES))}`;
  // A row without a key in the cluster is a key that never was; the other way round nobody would know of it.
  await platform.accessKeys.create(server.id, { id, name, createdAt: now, createdBy: requestedBy, expiresAt });
  await platform.accessKeyFiles.add(serverId, key, { id, name, expiresAt });
  await removeIfDeleted(platform, serverId, 'make a key of');
  await renewKeyFiles(platform, serverId);
  platform.log.info({ server: serverId, key: id, by: requestedBy }, 'Access key made');
  const { endpointUrl } = server;
  return { id, name, createdAt: now, createdBy: requestedBy, expiresAt, lastUsedAt: null, key, serverId, endpointUrl };
}

/**
 * The keys that let somebody in, or did until they expired.
 * @returns undefined where there is no such server
 */
export async function listKeys(platform: Platform, serverId: string): Promise<AccessKey[] | undefined> {
  const server = await findLivingServer(platform, serverId, 'list the keys of');
  if (!server) return undefined;
  await collectUses(platform, server);
  const [ids, keys] = await Promise.all([platform.accessKeyFiles.ids(serverId), platform.accessKeys.list(server.id)]);
  return keys.filter(({ id }) => ids.includes(id));
}

/**
 * Takes a key away, first from the wrapper's file.
 * @returns undefined where there is no such server
 * @throws UserError access-key-not-found
 */
export async function revokeKey(
  platform: Platform,
  { serverId, keyId, requestedBy }: { serverId: string; keyId: string; requestedBy: string },
): Promise<true | undefined> {
  const server = await findLivingServer(platform, serverId, 'revoke a key of');
  if (!server) return undefined;
  const known = (await platform.accessKeys.list(server.id)).some(({ id }) => id === keyId);
  if (known && (await platform.accessKeyFiles.remove(serverId, keyId))) await renewKeyFiles(platform, serverId);
  if (!(await platform.accessKeys.revoke(server.id, keyId, requestedBy))) throw keyNotFound(serverId);
  if (known) platform.log.info({ server: serverId, key: keyId, by: requestedBy }, 'Access key revoked');
  return true;
}

/** Asks one pod when keys were used. A server without pods is not woken for it. */
async function collectUses(platform: Platform, server: HostedServer): Promise<void> {
  const { id, serverId, endpointUrl } = server;
  if (isPublic({ server, newest: undefined })) return;
  const pods = await platform.workloads.pods(serverId);
  if (!pods.some(({ ready }) => ready)) return;
  const probeKey = await ensureProbeKey(platform, serverId);
  await platform.accessKeys.noteUses(id, await platform.endpoints.keyUses(endpointUrl, probeKey, USES_TIMEOUT_MS));
}

function serverPublic(serverId: string): UserError {
  return new UserError(
    'server-public',
    `Cannot make a key of ${serverId}: it is public and asks for none, expected access: private`,
    'Set access: private in .mcp-hosting.yml and deploy it first.',
  );
}

function keyNotFound(serverId: string): UserError {
  return new UserError(
    'access-key-not-found',
    `Cannot revoke a key of ${serverId}: none has this id, expected one that \`mcp-hosting keys list\` shows`,
    `Look at \`mcp-hosting keys list ${serverId}\`.`,
  );
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function base64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
