import { checkSecretName, checkSecrets } from '../domain/check-secrets.ts';
import type { HostedServer } from '../domain/hosted-server.ts';
import { declaredNames, hasExternalSecrets, type KnownConfig } from '../domain/known-config.ts';
import { UserError } from '../domain/user-error.ts';
import { findLivingServer, removeIfDeleted } from './living-server.ts';
import type { Platform } from './platform.ts';
import { renewProposalCheck } from './review-pull-request.ts';

/** A change that is not done after this time was cut off; one takes seconds. */
const UNFINISHED_MS = 60_000;

export interface SecretsChanged {
  serverId: string;
  changed: string[];
  /** Had the value that was given already, or none that could be taken away. */
  unchanged: string[];
  /** Of those given: the server does not ask for them under `env`, so its pods do not get them. */
  undeclared: string[];
  /** Pods that ran are replaced by ones with the new values. */
  restarted: boolean;
}

export interface SecretsListed {
  serverId: string;
  /** Sorted by name. Change and author are null where it was not set through the platform. */
  secrets: { name: string; declared: boolean; changedAt: Date | null; changedBy: string | null }[];
  /** Declared, and without a value: pods wait for them. */
  missing: string[];
}

interface Change {
  serverId: string;
  requestedBy: string;
}

/**
 * Writes values straight into the server's Secret, and replaces its pods where they use one that changed.
 * @returns undefined where there is no such server
 */
export async function setSecrets(
  platform: Platform,
  { serverId, values, requestedBy }: Change & { values: ReadonlyMap<string, string> },
): Promise<SecretsChanged | undefined> {
  const known = await readKnown(platform, serverId, 'set secrets of');
  if (!known) return undefined;
  checkSecrets(values);
  const { server } = known;
  const names = [...values.keys()];
  const { changed, restarted } = await changeSecrets(platform, {
    known,
    action: 'set',
    names,
    requestedBy,
    write: () => platform.serverSecrets.set(serverId, values),
  });
  await removeIfDeleted(platform, serverId, 'set secrets of');
  await platform.hostedServers.changeEnvVars(server.id, { add: names });
  // A rollout may be waiting for them.
  await platform.queue.advance(serverId);
  // GitHub may take its time, and who sets a value does not wait for it.
  void renewProposalCheck(platform, serverId);
  return answerOf({ known, names, changed, restarted });
}

/**
 * Takes a value away. Pods that run keep it: new ones would wait for a declared variable, and leave the service.
 * @returns undefined where there is no such server
 */
export async function unsetSecret(
  platform: Platform,
  { serverId, name, requestedBy }: Change & { name: string },
): Promise<SecretsChanged | undefined> {
  const known = await readKnown(platform, serverId, 'unset a secret of');
  if (!known) return undefined;
  checkSecretName(name);
  const { changed } = await changeSecrets(platform, {
    known,
    action: 'unset',
    names: [name],
    requestedBy,
    write: async () => ((await platform.serverSecrets.unset(serverId, name)) ? [name] : []),
  });
  if (!declaredNames(known).includes(name)) {
    await platform.hostedServers.changeEnvVars(known.server.id, { remove: [name] });
  }
  void renewProposalCheck(platform, serverId);
  return answerOf({ known, names: [name], changed, restarted: false });
}

/** @returns undefined where there is no such server */
export async function listSecrets(platform: Platform, serverId: string): Promise<SecretsListed | undefined> {
  const server = await findLivingServer(platform, serverId, 'list the secrets of');
  if (!server) return undefined;
  const known = { server, newest: await platform.rollouts.newest(serverId) };
  const [names, changes] = await Promise.all([
    platform.serverSecrets.names(serverId),
    platform.secretChanges.newest(server.id),
  ]);
  const declared = declaredNames(known);
  return {
    serverId,
    secrets: names.map((name) => {
      const { changedAt = null, changedBy = null } = changes.get(name) ?? {};
      return { name, declared: declared.includes(name), changedAt, changedBy };
    }),
    missing: declared.filter((name) => !names.includes(name)),
  };
}

/** Replaces the pods of servers whose change was cut off after its record: they may run with the value from before. */
export async function finishSecretChanges(platform: Platform): Promise<void> {
  for (const { id, serverId, names } of await platform.secretChanges.unfinished({ olderThanMs: UNFINISHED_MS })) {
    const server = await platform.hostedServers.findByServerId(serverId);
    if (server && usesOneOf(server, names)) await platform.workloads.restart(serverId, platform.now());
    await platform.secretChanges.close(id);
    platform.log.info({ server: serverId, change: id }, 'A change of secrets that was cut off is finished');
  }
}

async function readKnown(
  platform: Platform,
  serverId: string,
  doing: string,
): Promise<(KnownConfig & { server: HostedServer }) | undefined> {
  const server = await findLivingServer(platform, serverId, doing);
  if (!server) return undefined;
  const known = { server, newest: await platform.rollouts.newest(serverId) };
  if (!hasExternalSecrets(known)) return known;
  throw new UserError(
    'secrets-external',
    `Cannot ${doing} ${serverId}: its values come from the store that the deployments policy names, expected secrets: cluster`,
    'Change them in that store, or set secrets: cluster in .mcp-hosting.yml and deploy it.',
  );
}

/** Records the change, writes, restarts the pods it concerns, and records the end: cut off anywhere, it is finished later. */
async function changeSecrets(
  platform: Platform,
  options: {
    known: KnownConfig & { server: HostedServer };
    action: 'set' | 'unset';
    names: readonly string[];
    requestedBy: string;
    write: () => Promise<string[]>;
  },
): Promise<{ changed: string[]; restarted: boolean }> {
  const { known, action, names, requestedBy, write } = options;
  const { server } = known;
  const id = platform.uuid();
  // Another try of the same may have been cut off between the Secret and the pods.
  const earlier = (await platform.secretChanges.unfinished({ olderThanMs: 0, hostedServerId: server.id })).filter(
    (change) => change.names.every((name) => names.includes(name)),
  );
  await platform.secretChanges.begin({ id, hostedServerId: server.id, action, names, changedBy: requestedBy });
  const changed = await writeOrForget(platform, id, write);
  const stale = [...changed, ...earlier.flatMap((change) => change.names)];
  const restarted =
    action === 'set' && usesOneOf(server, stale) && (await platform.workloads.restart(server.serverId, platform.now()));
  await platform.secretChanges.finish(id, changed);
  for (const unfinished of earlier) await platform.secretChanges.close(unfinished.id);
  if (changed.length > 0) {
    const fields = { server: server.serverId, names: changed, by: requestedBy, restarted };
    platform.log.info(fields, action === 'set' ? 'Secrets set' : 'Secret unset');
  }
  return { changed, restarted };
}

/** Whether the server's pods have one of these variables. */
function usesOneOf({ source }: HostedServer, names: readonly string[]): boolean {
  return names.some((name) => source.deployed?.config.env.includes(name));
}

/** What was refused for good has changed nothing. */
async function writeOrForget(platform: Platform, changeId: string, write: () => Promise<string[]>): Promise<string[]> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof UserError) await platform.secretChanges.finish(changeId, []);
    throw error;
  }
}

function answerOf(options: {
  known: KnownConfig & { server: HostedServer };
  names: readonly string[];
  changed: string[];
  restarted: boolean;
}): SecretsChanged {
  const { known, names, changed, restarted } = options;
  const declared = declaredNames(known);
  return {
    serverId: known.server.serverId,
    changed,
    unchanged: names.filter((name) => !changed.includes(name)),
    undeclared: names.filter((name) => !declared.includes(name)),
    restarted,
  };
}
