import { mkdirSync } from 'node:fs';
import { createApiServer } from '../sandbox/kubernetes/api/api-server.ts';
import { loadCredentials, writeKubeconfig } from '../sandbox/kubernetes/api/credentials.ts';
import { startLoopbackServer } from '../sandbox/kubernetes/api/loopback-server.ts';
import { ServiceAccountTokens } from '../sandbox/kubernetes/api/service-account-tokens.ts';
import { ContainerLogs } from '../sandbox/kubernetes/kubelet/container-log.ts';
import { ObjectStore } from '../sandbox/kubernetes/store/object-store.ts';
import { typeOf } from '../sandbox/kubernetes/store/resource-type.ts';
import { applicationNamed, REVISION } from './application-object.ts';

/** What is told to this process: make an Application fail now, or say what was asked of the API server. */
export type ClusterOrder = { kind: 'break'; serverId: string } | { kind: 'count' };

export type ClusterWord =
  | { kind: 'ready'; kubeconfigPath: string }
  | { kind: 'broken'; serverId: string; at: number }
  /** Lists of Applications that were served so far, their pages, and rewrites that said nothing new. */
  | { kind: 'counted'; pages: number; lists: number; rewrites: number };

/** Argo CD looks at every Application this often, and writes that it did. */
const RECONCILE_MS = 180_000;

/** The sandbox's API server alone, in memory, with many Applications that Argo CD keeps looking at. */
const [dataDir = '', count = '0'] = process.argv.slice(2);
const now = () => new Date();
const type = typeOf('Application');
const names: string[] = Array.from({ length: Number(count) }, (_, index) => `bench-${index}`);
let pages = 0;
let lists = 0;
let rewrites = 0;

mkdirSync(dataDir, { recursive: true });
const nowhere = { readAll: () => [], write: () => undefined, remove: () => undefined };
const store = new ObjectStore({ files: nowhere, now });
for (const name of ['argocd', 'mcp-servers']) {
  store.create(typeOf('Namespace'), { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}
for (const name of names) store.create(type, applicationNamed(name));

const credentials = loadCredentials(dataDir, now());
const serve = createApiServer({
  store,
  logs: new ContainerLogs({ dir: dataDir, now }),
  token: credentials.token,
  tokens: new ServiceAccountTokens(),
  now,
  bookmarkMs: 60_000,
  onPushWebhook: async (_request, response) => void response.writeHead(404).end(),
  log: () => undefined,
});
const api = await startLoopbackServer({
  port: 0,
  certificate: credentials,
  onRequest(request, response) {
    const isPage = /\/applications\?(?!.*watch=)/.test(request.url ?? '');
    if (isPage) pages += 1;
    if (isPage && !request.url?.includes('continue=')) lists += 1;
    serve(request, response);
  },
});

let next = 0;
setInterval(() => {
  const name = names[next % names.length] ?? '';
  next += 1;
  rewrites += 1;
  change(name, (status) => ({ ...status, reconciledAt: now().toISOString() }));
}, RECONCILE_MS / names.length);

process.on('message', (order: ClusterOrder) => {
  if (order.kind === 'count') return say({ kind: 'counted', pages, lists, rewrites });
  const condition = { type: 'InvalidSpecError', message: 'application destination is not permitted in project' };
  change(order.serverId, (status) => ({ ...status, conditions: [condition] }));
  say({ kind: 'broken', serverId: order.serverId, at: Date.now() });
});
process.on('disconnect', () => process.exit(0));
say({ kind: 'ready', kubeconfigPath: writeKubeconfig(dataDir, api.port, credentials) });

function change(serverId: string, edit: (status: object) => object): void {
  store.update(type, { namespace: 'argocd', name: `mcp-${serverId}` }, (present) => ({
    ...present,
    status: edit((present.status ?? { sync: { revision: REVISION } }) as object),
  }));
}

function say(word: ClusterWord): void {
  process.send?.(word);
}
