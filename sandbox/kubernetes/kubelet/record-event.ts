import { createHash } from 'node:crypto';
import { type KubeObject, kubeTime } from '../store/kube-object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { typeOf } from '../store/resource-type.ts';

/** Newest events that are kept; the API server forgets them after an hour. */
const eventsMax = 300;

/** Writes what `kubectl describe` and `kubectl get events` show; the same event again only counts up. */
export function recordEvent(
  store: ObjectStore,
  event: { about: KubeObject; type: 'Normal' | 'Warning'; reason: string; message: string; now: Date },
): void {
  const { about, type, reason, message, now } = event;
  const { name, namespace = 'default', uid } = about.metadata;
  const resource = typeOf('Event');
  if (store.get(typeOf('Namespace'), undefined, namespace)?.metadata.deletionTimestamp !== undefined) return;
  const key = createHash('sha256').update(`${uid}\n${reason}\n${message}`).digest('hex').slice(0, 16);
  const eventName = `${name}.${key}`.slice(-253);
  const time = kubeTime(now);
  const counted = store.update(resource, { namespace, name: eventName }, (present) => ({
    ...present,
    count: ((present.count as number | undefined) ?? 1) + 1,
    lastTimestamp: time,
  }));
  if (counted !== undefined) return;
  forgetOldest(store);
  store.create(resource, {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: eventName, namespace },
    involvedObject: { apiVersion: about.apiVersion, kind: about.kind, name, namespace, uid },
    type,
    reason,
    message: message.slice(0, 1024),
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component: 'sandbox' },
  });
}

function forgetOldest(store: ObjectStore): void {
  const events = store.list(typeOf('Event'));
  if (events.length < eventsMax) return;
  const oldest = events.sort((a, b) => String(a.lastTimestamp).localeCompare(String(b.lastTimestamp)))[0];
  if (oldest === undefined) return;
  store.remove(typeOf('Event'), { namespace: oldest.metadata.namespace, name: oldest.metadata.name });
}
