import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createKubernetes, type Kubernetes } from '../../../src/adapters/kubernetes/create-kubernetes.ts';

interface FakeRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  contentType: string | undefined;
  body: string;
}

type Handler = (request: FakeRequest, response: ServerResponse, incoming: IncomingMessage) => void;

export interface FakeApiServer {
  kubernetes: Kubernetes;
  requests: FakeRequest[];
  logged: { fields: object; message: string }[];
  /** Calls back when no connection is open any more. */
  onceIdle(callback: (value?: unknown) => void): void;
  close(): Promise<void>;
}

/** An API server that answers what one test wants to see: pages, outages, endings. */
export async function startFakeApiServer(handler: Handler): Promise<FakeApiServer> {
  const requests: FakeRequest[] = [];
  const server = createServer((incoming, response) => {
    void text(incoming).then((body) => {
      const url = new URL(incoming.url ?? '/', 'http://fake');
      const request = {
        method: incoming.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        contentType: incoming.headers['content-type'],
        body,
      };
      requests.push(request);
      handler(request, response, incoming);
    });
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.prependOnceListener('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const dir = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  const kubeconfigPath = join(dir, 'kubeconfig');
  writeFileSync(kubeconfigPath, JSON.stringify(kubeconfig((server.address() as AddressInfo).port)));
  const logged: { fields: object; message: string }[] = [];
  const record = (fields: object, message: string) => void logged.push({ fields, message });
  const log = { debug: record, info: record, warn: record, error: record };
  return {
    kubernetes: createKubernetes({ kubeconfigPath, serversNamespace: 'mcp-servers', argocdNamespace: 'argocd', log }),
    requests,
    logged,
    onceIdle(callback) {
      for (const socket of sockets) {
        socket.once('close', () => {
          if (sockets.size === 0) callback();
        });
      }
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(dir, { recursive: true });
    },
  };
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export function sendStatus(response: ServerResponse, code: number, message: string): void {
  sendJson(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code });
}

function kubeconfig(port: number): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'fake', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'fake', user: { token: 'secret-token' } }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
    'current-context': 'fake',
  };
}
