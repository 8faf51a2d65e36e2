import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { findRoute, routesOf } from '../../sandbox/gateway/route-table.ts';
import { eventually } from './eventually.ts';
import { gatewayRequest } from './gateway-request.ts';
import { pushServerImage, startTestCluster, type TestCluster } from './test-cluster.ts';
import { deploymentOf, routeOf } from './workload.ts';

let cluster: TestCluster;
let port: string;
/** By its address: a name is looked up by the same threads that the sandbox reads files with. */
const host = '127.0.0.1';

beforeAll(async () => {
  cluster = await startTestCluster();
  port = new URL(cluster.sandbox.gatewayUrl).port;
  await pushServerImage(cluster, 'acme/web', 'one');
  // A slow machine takes no pod out of turn.
  const probe = { httpGet: { path: '/health', port: 3000 }, periodSeconds: 1, timeoutSeconds: 60 };
  const container = { readinessProbe: probe };
  await cluster.sandbox.apply([
    deploymentOf({ name: 'web', image: 'acme/web:latest', replicas: 2, container }),
    ...routeOf('web'),
  ]);
  await eventually(async () => {
    const pids = await Promise.all([1, 2, 3, 4].map(() => gatewayRequest(cluster, 'web.localhost', '/pid')));
    return new Set(pids.map((answer) => answer.body)).size === 2 && pids.every((answer) => answer.status === 200);
  });
});

afterAll(() => cluster.close());

test('Requests go to the ready pods in turn', async () => {
  const answers = [];
  for (let count = 0; count < 4; count += 1)
    answers.push((await gatewayRequest(cluster, 'WEB.localhost:80', '/pid')).body);

  expect(answers[0]).not.toBe(answers[1]);
  expect(answers.slice(2)).toEqual(answers.slice(0, 2));
});

test('A body streams up and down while both are open', async () => {
  const received = await new Promise<string[]>((resolve, reject) => {
    const chunks: string[] = [];
    const call = request(
      { host, port, path: '/echo', method: 'POST', headers: { host: 'web.localhost' } },
      (response) => {
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          chunks.push(chunk);
          if (chunks.length === 1) call.end('second');
        });
        response.on('end', () => resolve(chunks));
        response.on('error', reject);
      },
    );
    call.on('error', reject);
    call.write('first');
  });

  expect(received).toEqual(['first', 'second']);
});

test('A server that breaks off while a large body comes leaves the connection of its client usable', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = (path: string, body: string) =>
    new Promise<{ status: number | undefined; clientPort: number | undefined }>((resolve, reject) => {
      const headers = { host: 'web.localhost', 'content-type': 'text/plain' };
      const call = request({ host, port, agent, path, method: 'POST', headers }, (response) => {
        const { localPort } = response.socket;
        response.resume().on('end', () => resolve({ status: response.statusCode, clientPort: localPort }));
      });
      call.on('error', reject);
      call.end(body);
    });

  const broken = await send('/reset', 'x'.repeat(5_000_000));
  const next = await send('/version', '');
  agent.destroy();

  expect([broken.status, next.status]).toEqual([502, 200]);
  expect(next.clientPort).toBe(broken.clientPort);
});

test('A stream without end arrives as it is written, and ends at the server when the client leaves', async () => {
  const text = await new Promise<string>((resolve, reject) => {
    let seen = '';
    const call = request({ host, port, path: '/events', headers: { host: 'web.localhost' } }, (response) => {
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        seen += chunk;
        if (seen.includes('data: 3')) {
          call.destroy();
          resolve(seen);
        }
      });
    });
    call.on('error', reject);
    call.end();
  });

  expect(text).toContain('data: 1\n\ndata: 2\n\n');
});

test('WebSockets are passed through', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/mcp/stream`, { headers: { host: 'web.localhost' } });
  const answer = await new Promise<string>((resolve, reject) => {
    socket.on('open', () => socket.send('hello'));
    socket.on('message', (data) => resolve(String(data)));
    socket.on('error', reject);
  });
  socket.close();

  expect(answer).toBe('hello');
});

test('The server sees the Host of the client and where it came from, and no connection headers', async () => {
  const { body } = await gatewayRequest(cluster, 'web.localhost:3003', '/headers');

  expect(JSON.parse(body)).toMatchObject({
    host: 'web.localhost:3003',
    'x-forwarded-host': 'web.localhost:3003',
    'x-forwarded-proto': 'http',
    'x-forwarded-for': '127.0.0.1',
  });
});

test.each([
  ['an unknown host', 'GET / HTTP/1.1\r\nHost: nobody.localhost\r\nConnection: close\r\n\r\n', 404, 'unknown-host'],
  ['a malformed host', 'GET / HTTP/1.1\r\nHost: <script>\r\nConnection: close\r\n\r\n', 400, 'bad-request'],
  ['a malformed request', 'NONSENSE\r\n\r\n', 400, 'bad-request'],
  [
    'an upgrade to an unknown host',
    'GET / HTTP/1.1\r\nHost: nobody.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    404,
    'unknown-host',
  ],
])('%s gets an error in JSON', async (_what, raw, status, code) => {
  const answer = await new Promise<string>((resolve, reject) => {
    let seen = '';
    const socket = connect(Number(port), host, () => socket.write(raw));
    socket.on('data', (chunk) => {
      seen += chunk;
    });
    socket.on('close', () => resolve(seen));
    socket.on('error', reject);
  });
  const [head = '', body = ''] = answer.split('\r\n\r\n');

  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head.toLowerCase()).toContain('content-type: application/json');
  expect(JSON.parse(body).error.code).toBe(code);
});

test('The most specific host and the longest path win', () => {
  const ingress = (name: string, host: string, path: string) => {
    const backend = { service: { name, port: { number: 80 } } };
    const spec = { rules: [{ host, http: { paths: [{ path, backend }] } }] };
    const metadata = { name, namespace: 'a', uid: name, resourceVersion: '1', creationTimestamp: '' };
    return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec };
  };
  const routes = routesOf([
    ingress('wild', '*.example.com', '/'),
    ingress('exact', 'a.example.com', '/'),
    ingress('deep', 'a.example.com', '/mcp'),
  ]);

  expect(findRoute(routes, 'b.example.com', '/mcp')?.service).toBe('wild');
  expect(findRoute(routes, 'A.example.com', '/mcpx')?.service).toBe('exact');
  expect(findRoute(routes, 'a.example.com', '/mcp/stream')?.service).toBe('deep');
  expect(findRoute(routes, 'example.com', '/')).toBeUndefined();
});
