import type { RestAnswer, RestCall } from './route.ts';

const PER_PAGE_DEFAULT = 30;
const PER_PAGE_MAX = 100;

/** One page of a list with the `Link` header to the others. @param wrap puts the page into an object, where GitHub does */
export async function paged<T>(
  call: RestCall,
  items: readonly T[],
  view: (item: T) => unknown,
  wrap?: (page: unknown[]) => unknown,
): Promise<RestAnswer> {
  const perPage = Math.min(positive(call.query.get('per_page'), PER_PAGE_DEFAULT), PER_PAGE_MAX);
  const page = positive(call.query.get('page'), 1);
  const shown = await Promise.all(items.slice((page - 1) * perPage, page * perPage).map(view));
  const last = Math.max(1, Math.ceil(items.length / perPage));
  const links: string[] = [];
  if (page < last) links.push(link(call, 'next', page + 1), link(call, 'last', last));
  if (page > 1) links.push(link(call, 'first', 1), link(call, 'prev', page - 1));
  return {
    status: 200,
    body: wrap ? wrap(shown) : shown,
    ...(links.length > 0 ? { headers: { link: links.join(', ') } } : {}),
  };
}

export function positive(text: string | null, otherwise: number): number {
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 ? value : otherwise;
}

function link(call: RestCall, rel: string, page: number): string {
  const url = new URL(call.path, call.hub.url);
  url.searchParams.set('page', String(page));
  return `<${url}>; rel="${rel}"`;
}
