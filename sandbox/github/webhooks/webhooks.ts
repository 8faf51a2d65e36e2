import { randomUUID } from 'node:crypto';
import type { Delivery, Hook, Repository } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';
import type { Store } from '../store/store.ts';
import { renderDelivery, sendDelivery } from './delivery-request.ts';
import { DeliveryGate } from './delivery-switches.ts';

export interface WebhookEvent {
  name: string;
  action: string | null;
  /** null: an event of an installation. */
  repository: Repository | null;
  installationId?: number;
  payload: Record<string, unknown>;
}

/** The webhook of the App itself. */
export interface AppHook {
  appId: number;
  url: string;
  secret: string;
  events: readonly string[];
}

/**
 * Sends each event to the App, where it is installed, and to the repository's own webhooks. As on GitHub an answer other
 * than 2xx within 10 s is recorded and not tried again; whoever missed it asks for a redelivery.
 */
export class Webhooks {
  readonly gate = new DeliveryGate();
  private readonly store: Store;
  private readonly appHook: AppHook;
  private readonly log: (line: string) => void;
  private readonly stop = new AbortController();
  private readonly underWay = new Set<Promise<void>>();
  private readonly unanswered = new Set<Delivery>();

  constructor(options: { store: Store; appHook: AppHook; log: (line: string) => void }) {
    this.store = options.store;
    this.appHook = options.appHook;
    this.log = options.log;
  }

  /** What `GET /app/hook/config` tells; never the secret itself. */
  appSettings(): { url: string; hasSecret: boolean } {
    return { url: this.appHook.url, hasSecret: this.appHook.secret !== '' };
  }

  emit(event: WebhookEvent): void {
    const installation = this.store.installations.find((one) =>
      event.repository ? one.accountId === event.repository.ownerId : one.id === event.installationId,
    );
    const wanted = event.name.startsWith('installation') || this.appHook.events.includes(event.name);
    if (installation && wanted) this.emitToApp(event, installation.id);
    for (const hook of event.repository?.hooks ?? []) {
      if (hook.active && (hook.events.includes('*') || hook.events.includes(event.name) || event.name === 'ping')) {
        this.emitToHook(event, hook);
      }
    }
  }

  /** Deliveries that have an answer or failed, oldest first. */
  answered(target: Delivery['target']): Delivery[] {
    return this.store.deliveries.filter((one) => one.target === target && !this.unanswered.has(one));
  }

  /** Sends a delivery again, with its old id, whatever the switches say. */
  redeliver(delivery: Delivery): void {
    this.send({ ...delivery, redelivery: true });
  }

  async close(): Promise<void> {
    this.gate.close();
    this.stop.abort();
    await Promise.all(this.underWay);
  }

  private emitToApp(event: WebhookEvent, installationId: number): void {
    const installation = { id: installationId, node_id: nodeId('Installation', installationId) };
    const guid = randomUUID();
    const { headers, body } = renderDelivery({
      url: this.appHook.url,
      guid,
      event: event.name,
      hookId: this.appHook.appId,
      target: { type: 'integration', id: this.appHook.appId },
      contentType: 'json',
      secret: this.appHook.secret,
      payload: { installation, ...event.payload },
    });
    const delivery = newDelivery(event, { target: 'app', guid, installationId, url: this.appHook.url, headers, body });
    this.gate.pass({
      name: event.action ? `${event.name}.${event.action}` : event.name,
      send: () => this.send(delivery),
      drop: () => this.record({ ...delivery, id: this.store.nextId(), status: 'failed to connect to host' }),
    });
  }

  private emitToHook(event: WebhookEvent, hook: Hook): void {
    const guid = randomUUID();
    const { headers, body } = renderDelivery({
      url: hook.url,
      guid,
      event: event.name,
      hookId: hook.id,
      target: { type: 'repository', id: event.repository?.id ?? 0 },
      contentType: hook.contentType,
      secret: hook.secret,
      payload: event.payload,
    });
    this.send(newDelivery(event, { target: hook.id, guid, installationId: null, url: hook.url, headers, body }));
  }

  private record(delivery: Delivery): void {
    this.store.addDelivery(delivery);
    this.store.flush();
  }

  /** The record stands, as a failure, before anything is sent: a kill in between leaves a delivery to ask for again. */
  private send(template: Delivery): void {
    const delivery = { ...template, id: this.store.nextId(), deliveredAt: new Date().toISOString() };
    this.unanswered.add(delivery);
    this.record(delivery);
    const started = performance.now();
    const { url, requestHeaders, requestBody } = delivery;
    const sending = sendDelivery(url, requestHeaders, requestBody, this.stop.signal).then((answer) => {
      delivery.duration = Math.round(performance.now() - started) / 1_000;
      delivery.status = answer.status;
      delivery.statusCode = answer.statusCode;
      delivery.responseHeaders = answer.headers;
      delivery.responseBody = answer.body;
      this.unanswered.delete(delivery);
      this.store.touchDelivery(delivery);
      this.store.flush();
      if (answer.status !== 'OK') this.log(`webhook ${delivery.event} ${delivery.guid}: ${answer.status}`);
      this.underWay.delete(sending);
    });
    this.underWay.add(sending);
  }
}

function newDelivery(
  event: WebhookEvent,
  sent: {
    target: Delivery['target'];
    guid: string;
    installationId: number | null;
    url: string;
    headers: Record<string, string>;
    body: string;
  },
): Delivery {
  return {
    id: 0,
    guid: sent.guid,
    target: sent.target,
    event: event.name,
    action: event.action,
    installationId: sent.installationId,
    repositoryId: event.repository?.id ?? null,
    redelivery: false,
    deliveredAt: new Date().toISOString(),
    duration: 0,
    status: 'timed out',
    statusCode: 0,
    url: sent.url,
    requestHeaders: sent.headers,
    requestBody: sent.body,
    responseHeaders: {},
    responseBody: null,
  };
}
