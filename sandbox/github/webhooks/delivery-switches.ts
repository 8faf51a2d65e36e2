/** What a test may do to the App's webhooks on their way. */
export interface DeliverySwitches {
  /** Each delivery is sent twice with one id, as a redelivery would be. */
  duplicate: boolean;
  /** Deliveries leave in pairs, the later one first. */
  reversePairs: boolean;
  /** A regular expression over `event` or `event.action`; what it matches fails unsent, as if nobody had listened. */
  drop: string | null;
  /** Nothing leaves until it is released. */
  hold: boolean;
}

export const SWITCHES_OFF: DeliverySwitches = { duplicate: false, reversePairs: false, drop: null, hold: false };

/** How long the first of a pair waits for a second, in ms: an odd one must leave some time. */
const PAIR_WAIT_MS = 500;

interface Waiting {
  name: string;
  send: () => void;
  drop: () => void;
}

/** Lets deliveries through as the switches say. */
export class DeliveryGate {
  private switches: DeliverySwitches = SWITCHES_OFF;
  private held: Waiting[] = [];
  private first: { waiting: Waiting; timer: NodeJS.Timeout } | undefined;

  get state(): DeliverySwitches & { held: string[] } {
    return { ...this.switches, held: this.held.map((waiting) => waiting.name) };
  }

  /** Switching `hold` off releases what is held, in order. */
  set(switches: DeliverySwitches): void {
    this.switches = switches;
    if (switches.hold) return;
    const held = this.held;
    this.held = [];
    for (const waiting of held) this.pass(waiting);
  }

  pass(waiting: Waiting): void {
    const { drop, hold, reversePairs } = this.switches;
    if (hold) this.held.push(waiting);
    else if (drop !== null && new RegExp(drop).test(waiting.name)) waiting.drop();
    else if (reversePairs) this.pair(waiting);
    else this.send(waiting);
  }

  close(): void {
    if (this.first) clearTimeout(this.first.timer);
    this.first = undefined;
    this.held = [];
  }

  private pair(waiting: Waiting): void {
    const { first } = this;
    if (first) {
      clearTimeout(first.timer);
      this.first = undefined;
      this.send(waiting);
      this.send(first.waiting);
      return;
    }
    const timer = setTimeout(() => {
      this.first = undefined;
      this.send(waiting);
    }, PAIR_WAIT_MS);
    this.first = { waiting, timer };
  }

  private send(waiting: Waiting): void {
    waiting.send();
    if (this.switches.duplicate) waiting.send();
  }
}
