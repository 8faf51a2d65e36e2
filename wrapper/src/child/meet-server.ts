import type { Era } from '../protocol/protocol-version.ts';
import { askEra, type SendRequest } from './ask-era.ts';
import {
  type ClientIdentity,
  initializeParams,
  modernRequestMeta,
  parseDiscoverResult,
  parseInitializeResult,
  type ServerIdentity,
} from './server-identity.ts';

export interface Meeting {
  request: SendRequest;
  client: ClientIdentity;
  /** undefined: not known. */
  era: Era | undefined;
  /** False: the server before this one ended by being asked. */
  mayAskEra: boolean;
  onAskingEra: () => void;
  /** The server is still to be met. */
  isWanted: () => boolean;
}

/**
 * Introduces the wrapper to a server that has just started, and learns who that is. Asks for the era in the server itself: a
 * sibling beside it doubles memory, and meets it at its port or lock.
 * @throws Error when the server refuses or goes
 */
export async function meetServer(meeting: Meeting): Promise<ServerIdentity> {
  const { request, client, era, mayAskEra } = meeting;
  if (era === 'modern') return await discover(meeting);
  if (era === undefined && mayAskEra) {
    meeting.onAskingEra();
    const modern = await askEra(request, client);
    if (modern) return modern;
  }
  return await initialize(meeting);
}

/** A server that ended while it was asked for its era may be a modern one after all. */
async function initialize(meeting: Meeting): Promise<ServerIdentity> {
  try {
    return parseInitializeResult(await meeting.request('initialize', initializeParams(meeting.client)));
  } catch (refused) {
    if (!meeting.isWanted()) throw refused;
    return await discover(meeting).catch(() => {
      throw refused;
    });
  }
}

async function discover({ request, client }: Meeting): Promise<ServerIdentity> {
  return parseDiscoverResult(await request('server/discover', { _meta: modernRequestMeta(client) }));
}
