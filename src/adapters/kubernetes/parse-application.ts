import type { ApplicationState } from '../../domain/cluster-state.ts';
import { boundedMessage, boundedWord } from './bounded-message.ts';
import { ITEMS_MAX } from './cluster-limits.ts';

/** Set by the ApplicationSet of the scaffold; an older one only names its Applications after the server. */
const SERVER_ID_LABEL = 'server-id';

const NAME_PREFIX = 'mcp-';

const SERVER_ID = /^[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?$/;

/** An object from the API server: any shape, since controllers write what they like. */
export type Json = unknown;

/** @returns undefined for an Application that is none of ours */
export function parseApplication(object: Json): ApplicationState | undefined {
  const serverId = serverIdOf(object);
  if (serverId === undefined) return undefined;
  const status = field(object, 'status');
  const sync = field(status, 'sync');
  const health = field(status, 'health');
  return {
    serverId,
    syncStatus: word(field(sync, 'status')) ?? 'Unknown',
    healthStatus: word(field(health, 'status')) ?? 'Unknown',
    healthLastTransitionAt: word(field(health, 'lastTransitionTime')),
    healthMessage: message(field(health, 'message')),
    revision: word(field(sync, 'revision')) || word(items(field(sync, 'revisions'))[0]),
    reconciledAt: word(field(status, 'reconciledAt')),
    operation: parseOperation(field(status, 'operationState')),
    conditions: items(field(status, 'conditions')).map((condition) => ({
      type: word(field(condition, 'type')) ?? 'Unknown',
      message: message(field(condition, 'message')) ?? '',
    })),
    outOfSync: items(field(status, 'resources'))
      .filter((resource) => field(resource, 'status') === 'OutOfSync')
      .map((resource) => `${word(field(resource, 'kind'))} ${word(field(resource, 'name'))}`),
    images: items(field(field(status, 'summary'), 'images'))
      .map(word)
      .filter((image) => image !== null),
  };
}

/** From the label, else from the name `mcp-<server-id>`. */
export function serverIdOf(object: Json): string | undefined {
  const metadata = field(object, 'metadata');
  const label = field(field(metadata, 'labels'), SERVER_ID_LABEL);
  if (typeof label === 'string' && SERVER_ID.test(label)) return label;
  const name = field(metadata, 'name');
  if (typeof name !== 'string' || !name.startsWith(NAME_PREFIX)) return undefined;
  const serverId = name.slice(NAME_PREFIX.length);
  return SERVER_ID.test(serverId) ? serverId : undefined;
}

/** `metadata.resourceVersion` of an object or a list. */
export function resourceVersionOf(object: Json): string | undefined {
  const version = field(field(object, 'metadata'), 'resourceVersion');
  return typeof version === 'string' ? version : undefined;
}

export function field(object: Json, name: string): Json {
  return typeof object === 'object' && object !== null ? (object as Record<string, unknown>)[name] : undefined;
}

function parseOperation(state: Json): ApplicationState['operation'] {
  const phase = word(field(state, 'phase'));
  if (phase === null) return null;
  const result = field(state, 'syncResult');
  const asked = field(field(state, 'operation'), 'sync');
  const retries = field(state, 'retryCount');
  return {
    phase,
    message: message(field(state, 'message')),
    // What failed before it began has no result, but was asked for.
    revision:
      word(field(result, 'revision')) || word(items(field(result, 'revisions'))[0]) || word(field(asked, 'revision')),
    retryCount: typeof retries === 'number' ? retries : 0,
    finishedAt: word(field(state, 'finishedAt')),
  };
}

function items(list: Json): Json[] {
  return Array.isArray(list) ? list.slice(0, ITEMS_MAX) : [];
}

function word(value: Json): string | null {
  return typeof value === 'string' && value !== '' ? boundedWord(value) : null;
}

function message(value: Json): string | null {
  return typeof value === 'string' && value !== '' ? boundedMessage(value) : null;
}
