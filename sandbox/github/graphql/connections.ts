import { GitHubError } from '../github-error.ts';

export interface ConnectionArguments {
  first?: number | null;
  last?: number | null;
  after?: string | null;
  before?: string | null;
}

/** GitHub's limit of one page. */
const PAGE_MAX = 100;

/** A Relay connection over a list that is in memory anyway; cursors are positions. */
export function connection<T>(items: readonly T[], args: ConnectionArguments, view: (item: T) => unknown) {
  if (typeof args.first !== 'number' && typeof args.last !== 'number') {
    throw new GitHubError(
      'UNPROCESSABLE',
      'You must provide a `first` or `last` value to properly paginate the connection.',
    );
  }
  if ((args.first ?? 0) > PAGE_MAX || (args.last ?? 0) > PAGE_MAX) {
    throw new GitHubError('UNPROCESSABLE', `Requesting more than ${PAGE_MAX} records exceeds the limit.`);
  }
  let start = args.after ? position(args.after) + 1 : 0;
  let end = args.before ? Math.min(position(args.before), items.length) : items.length;
  if (typeof args.first === 'number') end = Math.min(end, start + args.first);
  if (typeof args.last === 'number') start = Math.max(start, end - args.last);
  const edges = items.slice(start, end).map((item, index) => ({ cursor: cursor(start + index), node: view(item) }));
  return {
    totalCount: items.length,
    edges,
    nodes: edges.map((edge) => edge.node),
    pageInfo: {
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
      hasPreviousPage: start > 0,
      hasNextPage: end < items.length,
    },
  };
}

function cursor(index: number): string {
  return Buffer.from(`cursor:v2:${index}`).toString('base64');
}

function position(text: string): number {
  const index = /^cursor:v2:(\d+)$/.exec(Buffer.from(text, 'base64').toString())?.[1];
  if (index === undefined) throw new GitHubError('UNPROCESSABLE', `\`${text}\` does not appear to be a valid cursor.`);
  return Number(index);
}
