import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../../sandbox-kubernetes/eventually.ts';
import { type FakeApiServer, sendJson, sendStatus, startFakeApiServer } from './fake-api-server.ts';

const HOUR_MS = 3_600_000;
const named = (name: string, resourceVersion: string, status?: object) => ({
  metadata: { name, resourceVersion },
  status,
});
const list = (resourceVersion: string, ...items: object[]) => ({ metadata: { resourceVersion }, items });

interface Seen {
  changed: string[];
  gone: string[];
}

let api: FakeApiServer;
let stop: AbortController;
afterEach(async () => {
  stop.abort();
  await api.close();
});

function watch(relistMs = HOUR_MS, onChange?: (serverId: string) => void): Seen {
  const seen: Seen = { changed: [], gone: [] };
  stop = new AbortController();
  api.kubernetes.applications.watch({
    signal: stop.signal,
    relistMs,
    onChange: ({ serverId }) => {
      seen.changed.push(serverId);
      onChange?.(serverId);
    },
    onGone: (serverId) => void seen.gone.push(serverId),
  });
  return seen;
}

/** Keeps the connection open, as a watch is. */
function sendEvents(response: ServerResponse, ...events: object[]): void {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  for (const event of events) response.write(`${JSON.stringify(event)}\n`);
}

const lists = () => api.requests.filter(({ query }) => !query.has('watch'));
const watches = () => api.requests.filter(({ query }) => query.get('watch') === 'true');

describe('watch', () => {
  test('lists, then tells what changes from there', async () => {
    api = await startFakeApiServer(({ query }, response) => {
      if (!query.has('watch')) return sendJson(response, 200, list('10', named('mcp-a-1', '7')));
      return sendEvents(
        response,
        { type: 'ADDED', object: named('mcp-b-2', '11') },
        { type: 'MODIFIED', object: named('mcp-a-1', '12', { sync: { status: 'Synced' } }) },
        { type: 'BOOKMARK', object: { metadata: { resourceVersion: '13' } } },
        { type: 'ADDED', object: named('guestbook', '14') },
        { type: 'DELETED', object: named('mcp-b-2', '15') },
      );
    });

    const seen = watch();
    await eventually(() => seen.gone.length === 1);

    expect(seen).toEqual({ changed: ['a-1', 'b-2', 'a-1'], gone: ['b-2'] });
    expect(lists()).toHaveLength(1);
    expect(watches()[0]?.query.get('resourceVersion')).toBe('10');
    expect(watches()[0]?.query.get('allowWatchBookmarks')).toBe('true');
  });

  test('goes on where the server ended the connection', async () => {
    api = await startFakeApiServer(({ query }, response) => {
      if (!query.has('watch')) return sendJson(response, 200, list('10'));
      sendEvents(response, { type: 'ADDED', object: named('mcp-a-1', '11') });
      if (query.get('resourceVersion') === '10') response.end();
      return undefined;
    });

    watch();
    await eventually(() => watches().length === 2);

    expect(watches().map(({ query }) => query.get('resourceVersion'))).toEqual(['10', '11']);
    expect(lists()).toHaveLength(1);
  });

  test.each(['an event', 'a status'])('lists again after 410 Gone as %s', async (kind) => {
    let lists = 0;
    api = await startFakeApiServer(({ query }, response) => {
      if (!query.has('watch')) {
        lists += 1;
        return sendJson(response, 200, lists === 1 ? list('10', named('mcp-a-1', '7')) : list('20'));
      }
      if (query.get('resourceVersion') !== '10') return sendEvents(response);
      if (kind === 'a status') return sendStatus(response, 410, 'too old');
      sendEvents(response, { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
      response.end();
      return undefined;
    });

    const seen = watch();
    await eventually(() => watches().length === 2);

    expect(seen).toEqual({ changed: ['a-1'], gone: ['a-1'] });
    expect(lists).toBe(2);
    expect(watches()[1]?.query.get('resourceVersion')).toBe('20');
  });

  test('comes back after an outage', async () => {
    let requests = 0;
    api = await startFakeApiServer(({ query }, response) => {
      requests += 1;
      if (requests === 1) return sendStatus(response, 503, 'down');
      if (query.has('watch')) return sendEvents(response);
      return sendJson(response, 200, list('10', named('mcp-a-1', '7')));
    });

    const seen = watch();
    await eventually(() => seen.changed.length === 1);

    expect(seen.changed).toEqual(['a-1']);
    expect(api.logged).toHaveLength(1);
  });

  test('lists again by the clock', async () => {
    api = await startFakeApiServer(({ query }, response) =>
      query.has('watch') ? sendEvents(response) : sendJson(response, 200, list('10', named('mcp-a-1', '7'))),
    );

    const seen = watch(50);
    await eventually(() => lists().length >= 3);

    expect(seen).toEqual({ changed: ['a-1'], gone: [] });
  });

  test('says nothing of an Application that Argo CD looked at and found as before', async () => {
    const at = (reconciledAt: string, status: string) => ({ reconciledAt, sync: { status } });
    api = await startFakeApiServer(({ query }, response) => {
      if (!query.has('watch')) {
        return sendJson(response, 200, list('10', named('mcp-a-1', '7', at('2026-11-22T10:00:00Z', 'OutOfSync'))));
      }
      return sendEvents(
        response,
        { type: 'MODIFIED', object: named('mcp-a-1', '11', at('2026-11-22T10:03:00Z', 'OutOfSync')) },
        { type: 'MODIFIED', object: named('mcp-a-1', '12', at('2026-11-22T10:06:00Z', 'Synced')) },
        { type: 'ADDED', object: named('mcp-b-2', '13') },
      );
    });

    const seen = watch();
    await eventually(() => seen.changed.includes('b-2'));

    expect(seen.changed).toEqual(['a-1', 'a-1', 'b-2']);
  });

  test('tells again after the next list what its listener could not take', async () => {
    api = await startFakeApiServer(({ query }, response) =>
      query.has('watch') ? sendEvents(response) : sendJson(response, 200, list('10', named('mcp-a-1', '7'))),
    );
    let failures = 2;

    const seen = watch(50, () => {
      failures -= 1;
      if (failures >= 0) throw new Error('the database is away');
    });
    await eventually(() => lists().length >= 5);

    expect(seen.changed).toEqual(['a-1', 'a-1', 'a-1']);
  });

  test('survives a listener that throws, and lines that are no JSON', async () => {
    api = await startFakeApiServer(({ query }, response) => {
      if (!query.has('watch')) return sendJson(response, 200, list('10'));
      response.writeHead(200).write('{"type": "ADD\n');
      return sendEvents(
        response,
        { type: 'ADDED', object: named('mcp-a-1', '11') },
        { type: 'ADDED', object: named('mcp-b-2', '12') },
      );
    });

    const seen = watch(HOUR_MS, () => {
      throw new Error('from a listener');
    });
    await eventually(() => seen.changed.length === 2);

    expect(seen.changed).toEqual(['a-1', 'b-2']);
  });

  test('ends with its signal', async () => {
    api = await startFakeApiServer(({ query }, response) =>
      query.has('watch') ? sendEvents(response) : sendJson(response, 200, list('10')),
    );
    watch();
    await eventually(() => watches().length === 1);
    const closed = new Promise((resolve) => api.onceIdle(resolve));

    stop.abort();
    await closed;

    expect(watches()).toHaveLength(1);
  });
});
