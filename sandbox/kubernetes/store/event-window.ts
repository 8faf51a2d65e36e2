import type { StoreEvent } from './store-event.ts';

/** Changes that a watch can still ask for; a slower client lists again, as with etcd's compaction. */
const eventsMax = 2000;

/** The newest changes, in order. */
export class EventWindow {
  #events: StoreEvent[] = [];
  #floor: number;

  /** @param floor the version before the first event */
  constructor(floor: number) {
    this.#floor = floor;
  }

  add(event: StoreEvent): void {
    this.#events.push(event);
    if (this.#events.length <= eventsMax * 2) return;
    const forgotten = this.#events.splice(0, eventsMax);
    this.#floor = forgotten.at(-1)?.version ?? this.#floor;
  }

  /** @returns undefined when events after `version` are forgotten */
  since(version: number): StoreEvent[] | undefined {
    if (version < this.#floor) return undefined;
    return this.#events.filter((event) => event.version > version);
  }
}
