import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { parse } from 'yaml';

/** What a request is answered instead of being passed on; `after`: passed on first, so that only its answer is lost. */
export interface Fault {
  matches: (method: string, path: string) => boolean;
  status: number;
  when: 'before' | 'after';
  /** How often; default: always. */
  times?: number;
}

export interface FaultProxy {
  kubeconfigPath: string;
  /** `METHOD path` of every request. */
  requests: string[];
  faults: Fault[];
  close(): Promise<void>;
}

/** The sandbox's API server behind one that fails when it is told to, and repeats in its errors all that it was sent. */
export async function startFaultProxy(kubeconfigPath: string): Promise<FaultProxy> {
  const kubeconfig = parse(readFileSync(kubeconfigPath, 'utf8'));
  const { cluster } = kubeconfig.clusters[0];
  const target = new URL(cluster.server);
  const requests: string[] = [];
  const faults: Fault[] = [];
  const server = createServer(async (incoming, response) => {
    const body = await buffer(incoming);
    const { method = 'GET', url = '/' } = incoming;
    requests.push(`${method} ${url.split('?')[0]}`);
    const fault = takeFault(faults, method, url);
    const answer = fault?.when === 'before' ? undefined : await pass(target, incoming, body);
    if (fault) {
      const said = `${body.toString()} ${decoded(body.toString())}`;
      const status = { kind: 'Status', status: 'Failure', message: said, reason: said, details: { causes: [said] } };
      response.writeHead(fault.status, { 'content-type': 'application/json', 'x-said': encodeURIComponent(said) });
      response.end(JSON.stringify({ ...status, code: fault.status }));
    } else if (answer) response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const path = `${kubeconfigPath}.proxied`;
  const { 'certificate-authority-data': _, ...rest } = cluster;
  const proxied = {
    ...rest,
    'insecure-skip-tls-verify': true,
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
  writeFileSync(path, JSON.stringify({ ...kubeconfig, clusters: [{ ...kubeconfig.clusters[0], cluster: proxied }] }));
  return {
    kubeconfigPath: path,
    requests,
    faults,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function takeFault(faults: Fault[], method: string, url: string): Fault | undefined {
  const fault = faults.find(({ matches, times = 1 }) => times > 0 && matches(method, url));
  if (fault?.times !== undefined) fault.times -= 1;
  return fault;
}

/** Values stand in base64; an API server that validates says them in clear. */
function decoded(text: string): string {
  return text.replace(/"([A-Za-z0-9+/]{8,}={0,2})"/g, (_, data) => Buffer.from(data, 'base64').toString('utf8'));
}

function pass(target: URL, incoming: IncomingMessage, body: Buffer) {
  return new Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>((resolve, reject) => {
    const { method, url, headers } = incoming;
    const options = { method, headers: { ...headers, host: target.host }, rejectUnauthorized: false };
    const request = httpsRequest(new URL(url ?? '/', target), options, async (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: await buffer(response) });
    });
    request.on('error', reject);
    request.end(body);
  });
}
