import type { JsonObject, Notification, RequestId, ResponseBody } from '../protocol/json-rpc.ts';
import type { Era } from '../protocol/protocol-version.ts';
import type { Session } from './session.ts';

/** What a child wants to know from its client while it works on a call: `sampling/createMessage` and the like. */
export interface ChildAsk {
  /** The child's own id. */
  id: RequestId;
  method: string;
  params: JsonObject | undefined;
  /** To be called once; later calls do nothing. */
  answer(body: ResponseBody): void;
}

/** Where everything about one relayed request goes. */
export interface CallSink {
  /** The client's. */
  readonly era: Era;
  /** What belongs to one client: its session, or the one call of a client without. */
  readonly client: object;
  readonly session: Session | undefined;
  /** All that the child asked for has been handed to the client, which has gone to get it. */
  readonly isHeld: boolean;
  /** Whether a log message of this level may be sent with the call. */
  wantsLog(level: unknown): boolean;
  /** False when it cannot be delivered with the call. */
  notify(notification: Notification): boolean;
  ask(ask: ChildAsk): void;
  /** The child does not want to know any more. */
  withdraw(ask: ChildAsk): void;
  /** The outcome, once. */
  reply(body: ResponseBody): void;
  /** There will be no outcome: the client cancelled. */
  abandon(): void;
}
