import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { RefusalReason } from '../http/refusal.ts';
import type { Era } from '../protocol/protocol-version.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { readGroupsMemory } from './process-memory.ts';
import type { Bytes } from './traffic.ts';

/** `refused`: answered by the wrapper instead of the server. */
export type Outcome = 'ok' | 'error' | 'refused' | 'cancelled' | 'timeout';

/** What is there at the moment, asked when the metrics are read. */
export interface MeasuredState {
  requestsInFlight(): number;
  sessions(): number;
  streams(): number;
  childRestarts(): number;
  /** Process ids of the running servers' process groups. */
  childGroups(): readonly number[];
  /** Whether a server is initialised and takes requests. */
  isChildUp(): boolean;
  /** When keys that have an id were used last, in ms of the wall clock. */
  keyUses(): ReadonlyMap<string, number>;
  /** Of all client connections so far. */
  bytes(): Bytes;
}

export interface ObservedRequest {
  method: string;
  era: Era;
  outcome: Outcome;
  seconds: number;
}

export interface Metrics {
  readonly contentType: string;
  /** One request is done. Methods outside the protocol count as `other`, so that clients cannot make labels. */
  observeRequest(request: ObservedRequest): void;
  rejected(reason: RefusalReason): void;
  /** Whose state is shown; until then there is none. */
  watch(state: MeasuredState): void;
  /** Prometheus' text format. */
  render(): Promise<string>;
}

/** Every request of both eras. */
const METHODS: readonly string[] = [
  'completion/complete',
  'initialize',
  'logging/setLevel',
  'ping',
  'prompts/get',
  'prompts/list',
  'resources/list',
  'resources/read',
  'resources/subscribe',
  'resources/templates/list',
  'resources/unsubscribe',
  'server/discover',
  'subscriptions/listen',
  'tasks/cancel',
  'tasks/get',
  'tasks/list',
  'tasks/result',
  'tasks/update',
  'tools/call',
  'tools/list',
];

const OTHER = 'other';

/** From an echo on the same machine to a call that runs into the request timeout. */
const LATENCY_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

interface RequestCount {
  labels: Record<string, string>;
  observe: (seconds: number) => void;
  count: number;
}

/** Where the counts of one method are kept: an era's outcomes side by side. */
const ERA_SLOTS: Record<Era, number> = { legacy: 0, modern: 5 };
const OUTCOME_SLOTS: Record<Outcome, number> = { ok: 0, error: 1, refused: 2, cancelled: 3, timeout: 4 };

/**
 * Measures of the wrapper and its server, in a registry of their own. The hot path adds to plain
 * numbers; everything else is computed when it is read.
 */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'mcp_wrapper_' });
  const latency = new LatencyHistogram({
    name: 'mcp_wrapper_request_duration_seconds',
    help: 'Time from a request to its answer',
    boundsSeconds: LATENCY_BUCKETS_SECONDS,
  });
  latency.register(registry);
  const requests = new Map<string, (RequestCount | undefined)[]>([...METHODS, OTHER].map((method) => [method, []]));
  const rejections = new Map<RefusalReason, number>();
  let state: MeasuredState | undefined;
  registerCounters(registry, { requests, rejections });
  registerState(registry, () => state);

  return {
    contentType: registry.contentType,
    observeRequest: ({ method, era, outcome, seconds }) => {
      const known = requests.has(method) ? method : OTHER;
      const counts = requests.get(known) ?? [];
      const slot = ERA_SLOTS[era] + OUTCOME_SLOTS[outcome];
      let counted = counts[slot];
      if (!counted) {
        const labels = { method: known, era, outcome };
        counted = { labels, observe: latency.addSeries(labels), count: 0 };
        counts[slot] = counted;
      }
      counted.count += 1;
      counted.observe(seconds);
    },
    rejected: (reason) => {
      rejections.set(reason, (rejections.get(reason) ?? 0) + 1);
    },
    watch: (watched) => {
      state = watched;
    },
    render: () => registry.metrics(),
  };
}

function registerCounters(
  registry: Registry,
  counted: {
    requests: ReadonlyMap<string, readonly (RequestCount | undefined)[]>;
    rejections: ReadonlyMap<string, number>;
  },
): void {
  const registers = [registry];
  new Counter({
    name: 'mcp_wrapper_requests_total',
    help: 'Requests by method, era and outcome',
    labelNames: ['method', 'era', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const request of [...counted.requests.values()].flat()) {
        if (request) this.inc(request.labels, request.count);
      }
    },
  });
  new Counter({
    name: 'mcp_wrapper_rejected_total',
    help: 'HTTP requests and messages that were not passed on, by reason',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of counted.rejections) this.inc({ reason }, count);
    },
  });
}

function registerState(registry: Registry, read: () => MeasuredState | undefined): void {
  const gauge = (name: string, help: string, value: (state: MeasuredState) => number): void => {
    new Gauge({
      name: `mcp_wrapper_${name}`,
      help,
      registers: [registry],
      collect() {
        const state = read();
        if (state) this.set(value(state));
      },
    });
  };
  gauge('requests_in_flight', 'Requests that wait for their answer', (state) => state.requestsInFlight());
  gauge('sessions', 'Open sessions', (state) => state.sessions());
  gauge('streams', 'Open event streams and WebSockets', (state) => state.streams());
  gauge('child_up', '1 when a server is initialised and takes requests', (state) => (state.isChildUp() ? 1 : 0));
  gauge('child_processes', 'Running server processes', (state) => state.childGroups().length);
  new Counter({
    name: 'mcp_wrapper_child_restarts_total',
    help: 'Times a dead server was started again',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(read()?.childRestarts() ?? 0);
    },
  });
  new Counter({
    name: 'mcp_wrapper_network_bytes_total',
    help: 'Bytes from and to clients, with HTTP headers',
    labelNames: ['direction'],
    registers: [registry],
    collect() {
      this.reset();
      const bytes = read()?.bytes() ?? { in: 0, out: 0 };
      this.inc({ direction: 'in' }, bytes.in);
      this.inc({ direction: 'out' }, bytes.out);
    },
  });
  new Gauge({
    name: 'mcp_wrapper_key_last_used_timestamp_seconds',
    help: 'When a key of the keys file was used last, by its id',
    labelNames: ['key_id'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [id, atMs] of read()?.keyUses() ?? []) this.set({ key_id: id }, atMs / 1_000);
    },
  });
  new Gauge({
    name: 'mcp_wrapper_child_memory_bytes',
    help: 'Resident memory of the server processes and what they started',
    registers: [registry],
    async collect() {
      const bytes = await readGroupsMemory(read()?.childGroups() ?? []);
      if (bytes === undefined) this.remove();
      else this.set(bytes);
    },
  });
}
