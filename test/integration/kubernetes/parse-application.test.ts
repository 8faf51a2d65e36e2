import { describe, expect, test } from '@jest/globals';
import { parseApplication } from '../../../src/adapters/kubernetes/parse-application.ts';

const image = `ghcr.io/acme/mcp-servers/hello-x1@sha256:${'1'.repeat(64)}`;

/** As Argo CD v3.5 writes it. */
const application = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'mcp-hello-x1', namespace: 'argocd', labels: { 'server-id': 'hello-x1' } },
  status: {
    sync: { status: 'Synced', revision: 'a'.repeat(40) },
    health: { status: 'Healthy', lastTransitionTime: '2026-11-01T10:00:00Z' },
    operationState: {
      phase: 'Succeeded',
      message: 'successfully synced (all tasks run)',
      retryCount: 2,
      finishedAt: '2026-11-01T09:59:59Z',
      syncResult: { revision: 'b'.repeat(40) },
    },
    conditions: [{ type: 'SyncError', message: 'words', lastTransitionTime: '2026-11-01T10:00:00Z' }],
    resources: [
      { kind: 'Service', name: 'mcp-hello-x1', status: 'OutOfSync' },
      { kind: 'Deployment', name: 'mcp-hello-x1', status: 'Synced' },
    ],
    reconciledAt: '2026-11-01T10:00:01Z',
    summary: { images: [image] },
  },
};

describe('parseApplication', () => {
  test('reads what Argo CD writes', () => {
    expect(parseApplication(application)).toEqual({
      serverId: 'hello-x1',
      syncStatus: 'Synced',
      healthStatus: 'Healthy',
      healthLastTransitionAt: '2026-11-01T10:00:00Z',
      healthMessage: null,
      revision: 'a'.repeat(40),
      reconciledAt: '2026-11-01T10:00:01Z',
      operation: {
        phase: 'Succeeded',
        message: 'successfully synced (all tasks run)',
        revision: 'b'.repeat(40),
        retryCount: 2,
        finishedAt: '2026-11-01T09:59:59Z',
      },
      conditions: [{ type: 'SyncError', message: 'words' }],
      outOfSync: ['Service mcp-hello-x1'],
      images: [image],
    });
  });

  test('reads one that was just made', () => {
    const made = parseApplication({ metadata: { name: 'mcp-hello-x1' } });

    expect(made).toMatchObject({ serverId: 'hello-x1', syncStatus: 'Unknown', operation: null, images: [] });
  });

  test('takes the first of several revisions', () => {
    const status = { sync: { status: 'Synced', revision: '', revisions: ['c'.repeat(40)] } };

    expect(parseApplication({ ...application, status })?.revision).toBe('c'.repeat(40));
  });

  test.each([
    [{ metadata: { name: 'guestbook' } }],
    [{ metadata: { name: 'mcp-' } }],
    [{ metadata: { name: `mcp-${'x'.repeat(51)}` } }],
    [{ metadata: { name: 'mcp-../../secrets' } }],
    [{ metadata: { labels: { 'server-id': 'UPPER' }, name: 'other' } }],
    [null],
    ['text'],
    [{}],
  ])('%j is none of ours', (object) => {
    expect(parseApplication(object)).toBeUndefined();
  });

  test('bounds what strangers wrote, whatever its shape', () => {
    const hostile = {
      metadata: application.metadata,
      status: {
        sync: { status: 'S'.repeat(10_000), revision: 42 },
        health: { status: { nested: true }, message: `\u001b[31m${'m'.repeat(100_000)}` },
        operationState: { phase: 'Failed', message: 'x'.repeat(100_000), retryCount: 'many' },
        conditions: Array(1000).fill({ type: 'C', message: 'y'.repeat(100_000) }),
        summary: { images: [...Array(1000).fill(`i${'z'.repeat(10_000)}`), 7, null] },
      },
    };

    const parsed = parseApplication(hostile);

    expect(JSON.stringify(parsed).length).toBeLessThan(200_000);
    expect(parsed?.conditions).toHaveLength(50);
    expect(parsed?.healthMessage).not.toContain('\u001b');
    expect(parsed).toMatchObject({ healthStatus: 'Unknown', revision: null, operation: { retryCount: 0 } });
  });
});
