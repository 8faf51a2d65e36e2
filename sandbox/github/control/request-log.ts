import type { Actor } from '../access/actor.ts';

export interface LoggedRequest {
  id: number;
  at: string;
  method: string;
  path: string;
  /** REST: the operation in GitHub's description; GraphQL: `graphql`; null where nothing serves it. */
  operation: string | null;
  /** GraphQL: the operation's own name. */
  name: string | null;
  /** GraphQL: the document's top-level fields, in order. */
  fields: string[];
  kind: 'read' | 'write' | 'token';
  actor: Actor['kind'];
  /** Of a person or a bot. */
  login: string | null;
  /** null: not answered (yet); 0: the connection was closed without an answer. */
  status: number | null;
}

/** Entries kept, so that a sandbox that stays up for days does not grow. */
const ENTRIES_MAX = 5_000;

/** The API requests since the start, or since the log was cleared. */
export class RequestLog {
  private entries: LoggedRequest[] = [];
  private lastId = 0;

  add(entry: Omit<LoggedRequest, 'id' | 'at' | 'status'>): LoggedRequest {
    this.lastId += 1;
    const logged = { id: this.lastId, at: new Date().toISOString(), ...entry, status: null };
    this.entries.push(logged);
    if (this.entries.length > ENTRIES_MAX) this.entries.shift();
    return logged;
  }

  clear(): void {
    this.entries = [];
  }

  /** Counts are of installations only: token minting, the App's own requests and people's are left out. */
  report() {
    const count = (actor: Actor['kind'], kind: LoggedRequest['kind']): number =>
      this.entries.filter((entry) => entry.actor === actor && entry.kind === kind).length;
    return {
      reads: count('installation', 'read'),
      writes: count('installation', 'write'),
      app: { reads: count('app', 'read'), writes: count('app', 'write') },
      log: this.entries,
    };
  }
}
