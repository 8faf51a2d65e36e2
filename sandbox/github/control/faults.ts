import type { LoggedRequest } from './request-log.ts';

/** Before: nothing has happened yet. After: it was done, but the answer is lost or late. */
type When = 'before' | 'after';

export type FaultAction =
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: unknown; when: When }
  | { kind: 'hang'; ms: number; when: When }
  | { kind: 'close'; when: When }
  /** Waits until it is released. */
  | { kind: 'hold'; when: When };

export interface FaultSpec {
  match: {
    method?: string;
    /** Regular expression over the path. */
    path?: string;
    /** A GraphQL field or mutation at the top of the document, or a REST operation. */
    operation?: string;
    actor?: LoggedRequest['actor'];
  };
  /** The first request that it strikes, counted over those that match, from 1. */
  nth: number;
  /** How many it strikes from there on. */
  times: number;
  action: FaultAction;
}

export interface Fault extends FaultSpec {
  id: number;
  matched: number;
  struck: number;
  /** Requests that are held right now. */
  held: number;
}

/** The faults that tests ask for, and the requests they strike. */
export class Faults {
  private faults: Fault[] = [];
  private lastId = 0;
  private readonly releases = new Map<number, (() => void)[]>();
  private readonly watchers = new Set<() => void>();

  add(spec: FaultSpec): Fault {
    this.lastId += 1;
    const fault = { ...spec, id: this.lastId, matched: 0, struck: 0, held: 0 };
    this.faults.push(fault);
    return fault;
  }

  list(): readonly Fault[] {
    return this.faults;
  }

  find(id: number): Fault | undefined {
    return this.faults.find((fault) => fault.id === id);
  }

  /** What is held goes on. */
  clear(): void {
    for (const fault of this.faults) this.release(fault.id);
    this.faults = [];
  }

  release(id: number): void {
    const waiting = this.releases.get(id) ?? [];
    this.releases.delete(id);
    for (const go of waiting) go();
  }

  /** Counts a request, and gives the fault that strikes it. */
  strike(request: LoggedRequest): Fault | undefined {
    let striking: Fault | undefined;
    for (const fault of this.faults) {
      if (!matches(fault, request)) continue;
      fault.matched += 1;
      const due = fault.matched >= fault.nth && fault.matched < fault.nth + fault.times;
      if (due && !striking) striking = fault;
    }
    if (striking) {
      striking.struck += 1;
      this.notify();
    }
    return striking;
  }

  /** Resolves when the fault is released or the client has gone. */
  async hold(fault: Fault, gone: Promise<void>): Promise<void> {
    const released = new Promise<void>((resolve) => {
      this.releases.set(fault.id, [...(this.releases.get(fault.id) ?? []), resolve]);
    });
    fault.held += 1;
    this.notify();
    await Promise.race([released, gone]);
    fault.held -= 1;
    this.notify();
  }

  /** Resolves when `holds` is true, at once or after some fault has struck or let go; or when the time is up. */
  watch(holds: () => boolean, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.watchers.delete(check);
        resolve();
      };
      const check = (): void => {
        if (holds()) finish();
      };
      const timer = setTimeout(finish, timeoutMs);
      this.watchers.add(check);
      check();
    });
  }

  private notify(): void {
    for (const check of [...this.watchers]) check();
  }
}

function matches({ match }: Fault, request: LoggedRequest): boolean {
  return (
    (match.method === undefined || match.method.toUpperCase() === request.method) &&
    (match.path === undefined || new RegExp(match.path).test(request.path)) &&
    (match.operation === undefined ||
      request.fields.includes(match.operation) ||
      request.operation === match.operation) &&
    (match.actor === undefined || match.actor === request.actor)
  );
}
