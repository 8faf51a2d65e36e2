import { request } from 'node:http';
import { connect } from 'node:net';
import type { Probe } from './pod.ts';

export interface ProbeResult {
  isSuccess: boolean;
  message: string;
}

/** One attempt. Never throws. Ports of the manifest are replaced by the one the container really listens on. */
export function runProbe(probe: Probe, port: number): Promise<ProbeResult> {
  const timeoutMs = Math.max(1, probe.timeoutSeconds ?? 1) * 1000;
  if (probe.httpGet !== undefined) return getOnce(probe.httpGet, port, timeoutMs);
  if (probe.tcpSocket !== undefined) return connectOnce(port, timeoutMs);
  return Promise.resolve({ isSuccess: false, message: 'only httpGet and tcpSocket probes run in the sandbox' });
}

function getOnce(get: NonNullable<Probe['httpGet']>, port: number, timeoutMs: number): Promise<ProbeResult> {
  const path = get.path ?? '/';
  const headers = Object.fromEntries((get.httpHeaders ?? []).map(({ name, value }) => [name, value]));
  return new Promise((resolve) => {
    const url = `Get "http://127.0.0.1:${port}${path}"`;
    const failed = (why: string) => resolve({ isSuccess: false, message: `${url}: ${why}` });
    const call = request(
      { host: '127.0.0.1', port, path, headers: { 'user-agent': 'kube-probe/1.36', ...headers }, agent: false },
      (response) => {
        const code = response.statusCode ?? 0;
        response.destroy();
        const isSuccess = code >= 200 && code < 400;
        resolve({ isSuccess, message: isSuccess ? '' : `HTTP probe failed with statuscode: ${code}` });
      },
    );
    const timer = setTimeout(() => call.destroy(new Error('context deadline exceeded')), timeoutMs);
    call.on('error', (error) => failed(error.message));
    call.on('close', () => clearTimeout(timer));
    call.end();
  });
}

function connectOnce(port: number, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (isSuccess: boolean, message: string) => {
      socket.destroy();
      resolve({ isSuccess, message });
    };
    socket.setTimeout(timeoutMs, () => end(false, 'context deadline exceeded'));
    socket.on('connect', () => end(true, ''));
    socket.on('error', (error) => end(false, error.message));
  });
}
