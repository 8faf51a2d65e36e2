import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createImageStore, type ImageStore } from '../../sandbox/images/image-store.ts';
import type { ContainerRuntime } from '../../sandbox/kubernetes/kubelet/container-runtime.ts';
import { createProcessRuntime } from '../../sandbox/kubernetes/kubelet/process-runtime.ts';
import {
  type KubernetesOptions,
  type KubernetesSandbox,
  startKubernetes,
} from '../../sandbox/kubernetes/kubernetes-server.ts';

export interface TestCluster {
  dir: string;
  images: ImageStore;
  runtime: ContainerRuntime;
  lines: string[];
  sandbox: KubernetesSandbox;
  /** Ends the sandbox and starts another on the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** A sandbox on free ports and a directory of its own. */
export async function startTestCluster(options: Partial<KubernetesOptions> = {}): Promise<TestCluster> {
  const dir = mkdtempSync(join(tmpdir(), 'kubernetes-sandbox-'));
  const images = createImageStore(join(dir, 'images'));
  const lines: string[] = [];
  const runtime = createProcessRuntime({ images, processDir: join(dir, 'kubernetes', 'processes') });
  const start = () =>
    startKubernetes({
      port: 0,
      gatewayPort: 0,
      dataDir: join(dir, 'kubernetes'),
      runtime,
      log: (line) => lines.push(line),
      gitPollMs: 200,
      restartTimes: { firstMs: 200, maxMs: 400, resetAfterMs: 600_000 },
      ...options,
    });
  const cluster: TestCluster = {
    dir,
    images,
    runtime,
    lines,
    sandbox: await start(),
    async restart() {
      await cluster.sandbox.close();
      cluster.sandbox = await start();
    },
    async close() {
      await cluster.sandbox.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  await cluster.sandbox.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'mcp-servers' } }]);
  return cluster;
}

/**
 * Pushes an image whose process is a small HTTP server: `/health`, `/env?name=X`, `/pid`, `/events` (a stream that never
 * ends), `/echo` (sends the body back as it comes), `/reset` (breaks off), WebSocket echo on upgrade.
 *
 * @param version is what `/version` answers; another version is another image
 * @returns its digest
 */
export async function pushServerImage(cluster: TestCluster, name: string, version: string): Promise<string> {
  return pushScript(cluster, name, `const version = ${JSON.stringify(version)};\n${serverSource}`);
}

export async function pushScript(cluster: TestCluster, name: string, source: string): Promise<string> {
  const rootfs = mkdtempSync(join(cluster.dir, 'rootfs-'));
  mkdirSync(join(rootfs, 'app'));
  writeFileSync(join(rootfs, 'app/server.mjs'), source);
  return cluster.images.push(name, ['latest'], rootfs, {
    entrypoint: ['node', '/app/server.mjs'],
    cmd: [],
    env: { FROM_IMAGE: 'yes' },
    workingDir: '/app',
    labels: {},
  });
}

const serverSource = `
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://x');
  if (url.pathname === '/version') return response.end(version);
  if (url.pathname === '/pid') return response.end(String(process.pid));
  if (url.pathname === '/env') return response.end(process.env[url.searchParams.get('name')] ?? '(unset)');
  if (url.pathname === '/file') {
    try { return response.end(readFileSync(process.env.FILE)); } catch (error) { response.statusCode = 404; return response.end(error.code); }
  }
  if (url.pathname === '/reset') return request.socket.destroy();
  if (url.pathname === '/echo') return request.pipe(response);
  if (url.pathname === '/headers') return response.end(JSON.stringify(request.headers));
  if (url.pathname === '/exit') { response.end(); console.log('told to exit'); setTimeout(() => process.exit(7), 50); return; }
  if (url.pathname === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let count = 0;
    const timer = setInterval(() => response.write('data: ' + (count += 1) + '\\n\\n'), 20);
    response.on('close', () => clearInterval(timer));
    return;
  }
  response.end('ok');
});
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n');
  socket.on('data', (data) => {
    const length = data[1] & 0x7f;
    const mask = data.subarray(2, 6);
    const text = Buffer.from(data.subarray(6, 6 + length).map((byte, index) => byte ^ mask[index % 4]));
    socket.write(Buffer.concat([Buffer.from([0x81, text.length]), text]));
  });
  socket.on('error', () => socket.destroy());
});
server.listen(Number(process.env.MCP_WRAPPER_PORT), process.env.MCP_WRAPPER_HOST, () => console.log('listening', version));
process.on('SIGTERM', () => { console.log('ending'); process.exit(0); });
`;
