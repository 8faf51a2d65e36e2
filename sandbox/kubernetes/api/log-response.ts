import type { ServerResponse } from 'node:http';
import type { LogLine, LogReader } from '../kubelet/container-log.ts';
import type { Pod } from '../kubelet/pod.ts';
import { badRequest } from '../store/api-error.ts';

/** How often a followed log is looked at. */
const followMs = 200;

/**
 * Answers `GET …/pods/<name>/log` with the parameters of the API server.
 * @throws ApiError 400 when the container is unknown, has not started, or has no previous run
 */
export function streamLog(options: {
  pod: Pod;
  query: URLSearchParams;
  logs: LogReader;
  response: ServerResponse;
  now: Date;
}): void {
  const { pod, query, logs, response } = options;
  const container = containerOf(pod, query.get('container'));
  const isPrevious = query.get('previous') === 'true';
  const source = { podUid: pod.metadata.uid, container, previous: isPrevious && !isBetweenRuns(pod, container) };
  if (!logs.exists(source)) throw badRequest(missingLog(pod, container, isPrevious));
  const isStamped = query.get('timestamps') === 'true';
  const show = (line: LogLine) => `${isStamped ? `${line.at} ` : ''}${line.text}\n`;

  const lines = logs.read(source).filter((line) => line.at >= sinceOf(query, options.now));
  const tail = numberOf(query, 'tailLines');
  const text = (tail === undefined ? lines : lines.slice(Math.max(0, lines.length - tail))).map(show).join('');
  const limit = numberOf(query, 'limitBytes');
  response.writeHead(200, { 'content-type': 'text/plain' });
  if (limit !== undefined) {
    response.end(Buffer.from(text).subarray(0, limit));
    return;
  }
  response.write(text);
  if (query.get('follow') !== 'true' || isPrevious) {
    response.end();
    return;
  }
  follow(response, { logs, source, from: lines.at(-1)?.position ?? 0, show });
}

function follow(
  response: ServerResponse,
  options: { logs: LogReader; source: Parameters<LogReader['read']>[0]; from: number; show: (line: LogLine) => string },
): void {
  let { from } = options;
  response.flushHeaders();
  const timer = setInterval(() => {
    for (const line of options.logs.read(options.source)) {
      if (line.position <= from) continue;
      from = line.position;
      response.write(options.show(line));
    }
    if (!options.logs.isOpen(options.source)) response.end();
  }, followMs);
  response.on('close', () => clearInterval(timer));
}

function containerOf(pod: Pod, wanted: string | null): string {
  const names = pod.spec.containers.map((container) => container.name);
  if (wanted === null || wanted === '') {
    if (names.length === 1 && names[0] !== undefined) return names[0];
    const choice = `choose one of: [${names.join(' ')}]`;
    throw badRequest(`a container name must be specified for pod ${pod.metadata.name}, ${choice}`);
  }
  if (!names.includes(wanted)) throw badRequest(`container ${wanted} is not valid for pod ${pod.metadata.name}`);
  return wanted;
}

/** While a container waits to be started again, the run that ended last is both the present and the previous one. */
function isBetweenRuns(pod: Pod, container: string): boolean {
  const status = pod.status?.containerStatuses.find((each) => each.name === container);
  return status?.state.waiting !== undefined && status.lastState.terminated !== undefined;
}

function missingLog(pod: Pod, container: string, isPrevious: boolean): string {
  const shown = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)}`;
  if (isPrevious) return `previous terminated ${shown} not found`;
  const status = pod.status?.containerStatuses.find((each) => each.name === container);
  return `${shown} is waiting to start: ${status?.state.waiting?.reason ?? 'ContainerCreating'}`;
}

function sinceOf(query: URLSearchParams, now: Date): string {
  const seconds = numberOf(query, 'sinceSeconds');
  if (seconds !== undefined) return new Date(now.getTime() - seconds * 1000).toISOString();
  return query.get('sinceTime') ?? '';
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw badRequest(`invalid value of ${name}: ${JSON.stringify(text)}`);
  return value;
}
