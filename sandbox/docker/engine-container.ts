import type { ContainerExit, RunningContainer } from '../kubernetes/kubelet/container-runtime.ts';
import { type EngineClient, EngineError } from './engine-client.ts';
import { readLogFrames } from './read-log-frames.ts';

/** Body of "Create a container" of the Engine API. */
export interface EngineContainerSettings {
  Image: string;
  HostConfig: Record<string, unknown>;
  [field: string]: unknown;
}

export interface EngineContainerOptions {
  settings: EngineContainerSettings;
  /** Port of the container that is published on a free port of 127.0.0.1. */
  port: number;
  /** Unique in the engine; absent: the engine makes one up. */
  name?: string;
  onLine: (line: string) => void;
}

/** Lines are passed on as they come, so the engine itself need not keep many. */
const LOG_SETTINGS = { Type: 'json-file', Config: { 'max-size': '2m', 'max-file': '2' } };
/** The kubelet's exit code for a container whose end nobody saw. */
const UNKNOWN_EXIT_CODE = 137;

/** Makes a container that is not started. @returns its id @throws EngineError */
export async function createEngineContainer(
  engine: EngineClient,
  { settings, port, name }: Omit<EngineContainerOptions, 'onLine'>,
): Promise<string> {
  const { body } = await engine.request('POST', '/containers/create', {
    query: { name },
    json: {
      ...settings,
      ExposedPorts: { [`${port}/tcp`]: {} },
      HostConfig: {
        LogConfig: LOG_SETTINGS,
        ...settings.HostConfig,
        // No number: the engine takes a free one, so that nobody can lose a race for it.
        PortBindings: { [`${port}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '' }] },
      },
    },
  });
  return (body as { Id: string }).Id;
}

/** Starts a container that was made. It is removed when it ends, or when it cannot be started. @throws EngineError */
export async function runEngineContainer(
  engine: EngineClient,
  id: string,
  { port, onLine }: Pick<EngineContainerOptions, 'port' | 'onLine'>,
): Promise<RunningContainer> {
  try {
    await engine.request('POST', `/containers/${id}/start`);
    const published = await findPublishedPort(engine, id, port);
    const exited = followToEnd(engine, id, onLine);
    return {
      containerId: `docker://${id}`,
      port: published,
      exited,
      async stop(graceMs) {
        await stopContainer(engine, id, graceMs);
        return exited;
      },
    };
  } catch (error) {
    await removeContainer(engine, id);
    throw error;
  }
}

export async function startEngineContainer(
  engine: EngineClient,
  options: EngineContainerOptions,
): Promise<RunningContainer> {
  return runEngineContainer(engine, await createEngineContainer(engine, options), options);
}

/** Ends it if it runs. One that is gone already is no error. */
export async function removeContainer(engine: EngineClient, id: string): Promise<void> {
  // 409: the engine is removing it already.
  await engine.request('DELETE', `/containers/${id}`, { query: { force: '1', v: '1' }, accept: [404, 409] });
}

interface ContainerInspection {
  State: { ExitCode: number; OOMKilled: boolean };
  NetworkSettings: { Ports: Record<string, { HostPort: string }[] | null> };
}

async function inspect(engine: EngineClient, id: string): Promise<ContainerInspection> {
  return (await engine.request('GET', `/containers/${id}/json`)).body as ContainerInspection;
}

/** 0 where it has ended already: nothing listens there. */
async function findPublishedPort(engine: EngineClient, id: string, port: number): Promise<number> {
  const { NetworkSettings } = await inspect(engine, id);
  return Number(NetworkSettings.Ports[`${port}/tcp`]?.[0]?.HostPort ?? 0);
}

async function followToEnd(engine: EngineClient, id: string, onLine: (line: string) => void): Promise<ContainerExit> {
  try {
    const logs = followLogs(engine, id, onLine);
    await untilEnded(engine, id);
    await logs;
    const { State } = await inspect(engine, id);
    await removeContainer(engine, id);
    return { exitCode: State.ExitCode, isOutOfMemory: State.OOMKilled };
  } catch (error) {
    onLine(`lost sight of the container: ${(error as Error).message}`);
    return { exitCode: UNKNOWN_EXIT_CODE, isOutOfMemory: false };
  }
}

async function untilEnded(engine: EngineClient, id: string): Promise<void> {
  const body = await engine.stream('POST', `/containers/${id}/wait`, { query: { condition: 'not-running' } });
  await body.toArray();
}

async function followLogs(engine: EngineClient, id: string, onLine: (line: string) => void): Promise<void> {
  const body = await engine.stream('GET', `/containers/${id}/logs`, {
    query: { follow: '1', stdout: '1', stderr: '1' },
  });
  await readLogFrames(body, onLine);
}

async function stopContainer(engine: EngineClient, id: string, graceMs: number): Promise<void> {
  try {
    const query = { t: String(Math.ceil(graceMs / 1000)) };
    const body = await engine.stream('POST', `/containers/${id}/stop`, { query, accept: [404] });
    await body.toArray();
  } catch (error) {
    // The end is what `exited` tells; an engine that is gone has nothing that could be stopped.
    if (error instanceof EngineError) throw error;
  }
}
