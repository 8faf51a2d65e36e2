import { notFound } from '../github-error.ts';
import type { Delivery } from '../store/entities.ts';
import { requireApp } from './apps.ts';
import { positive } from './paging.ts';
import { idParam, json, plainRoute, type RestAnswer, type RestCall, type Routes } from './route.ts';

const PER_PAGE_DEFAULT = 30;
const PER_PAGE_MAX = 100;

export const hookDeliveryRoutes: Routes = {
  'GET /app/hook/config': plainRoute((call) => {
    requireApp(call);
    const { url, hasSecret } = call.hub.webhooks.appSettings();
    return json({
      url,
      content_type: 'json',
      insecure_ssl: '0',
      ...(hasSecret ? { secret: '********' } : {}),
    });
  }),
  'GET /app/hook/deliveries': plainRoute((call) => {
    requireApp(call);
    return listDeliveries(call, 'app');
  }),
  'GET /app/hook/deliveries/{delivery_id}': plainRoute((call) => {
    requireApp(call);
    return json(viewDelivery(deliveryParam(call, 'app')));
  }),
  'POST /app/hook/deliveries/{delivery_id}/attempts': plainRoute((call) => {
    requireApp(call);
    call.hub.webhooks.redeliver(deliveryParam(call, 'app'));
    return json({}, 202);
  }),
};

/** Newest first. The cursor is the id of the last delivery of the page before. */
export function listDeliveries(call: RestCall, target: Delivery['target']): RestAnswer {
  const perPage = Math.min(positive(call.query.get('per_page'), PER_PAGE_DEFAULT), PER_PAGE_MAX);
  const before = positive(call.query.get('cursor')?.replace(/^v1_/, '') ?? null, Number.MAX_SAFE_INTEGER);
  const status = call.query.get('status');
  const matching = call.hub.webhooks
    .answered(target)
    .filter((one) => one.id < before && (status === null || (status === 'success') === isSuccess(one)))
    .reverse();
  const page = matching.slice(0, perPage);
  const more = matching.length > perPage ? page.at(-1) : undefined;
  const url = new URL(call.path, call.hub.url);
  if (more) url.searchParams.set('cursor', `v1_${more.id}`);
  return { status: 200, body: page.map(viewItem), ...(more ? { headers: { link: `<${url}>; rel="next"` } } : {}) };
}

function viewItem(delivery: Delivery) {
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: delivery.deliveredAt,
    redelivery: delivery.redelivery,
    duration: delivery.duration,
    status: delivery.status,
    status_code: delivery.statusCode,
    event: delivery.event,
    action: delivery.action,
    installation_id: delivery.installationId,
    repository_id: delivery.repositoryId,
    throttled_at: null,
  };
}

function viewDelivery(delivery: Delivery) {
  return {
    ...viewItem(delivery),
    url: delivery.url,
    request: {
      headers: delivery.requestHeaders,
      payload: JSON.parse(
        delivery.requestBody.startsWith('payload=')
          ? decodeURIComponent(delivery.requestBody.slice('payload='.length))
          : delivery.requestBody,
      ),
    },
    response: { headers: delivery.responseHeaders, payload: delivery.responseBody },
  };
}

function isSuccess(delivery: Delivery): boolean {
  return delivery.statusCode >= 200 && delivery.statusCode < 300;
}

function deliveryParam(call: RestCall, target: Delivery['target']): Delivery {
  const id = idParam(call, 'delivery_id');
  const delivery = call.hub.store.deliveries.find((one) => one.id === id && one.target === target);
  if (!delivery) throw notFound();
  return delivery;
}
