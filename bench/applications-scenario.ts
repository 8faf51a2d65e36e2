import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseDocument } from 'yaml';
import { findFreePort } from '../sandbox/kubernetes/kubelet/free-port.ts';
import { startPostgres } from '../sandbox/postgres/postgres-server.ts';
import { createPostgres, type Postgres } from '../src/adapters/postgres/create-postgres.ts';
import { DEFAULT_RESOURCES } from '../src/domain/parse-server-config.ts';
import type { Rollout } from '../src/domain/rollout.ts';
import type { BotWord } from './application-bot.ts';
import type { ClusterOrder, ClusterWord } from './application-cluster.ts';
import { REVISION } from './application-object.ts';
import { describeError } from './describe-error.ts';
import { growthOverLastHalf, type MemorySample } from './memory-growth.ts';
import { readMemoryMb } from './process-memory.ts';
import { renderNumber, renderTable } from './render-table.ts';
import type { ScenarioContext, ScenarioReport } from './scenario.ts';
import { summarizeLatencies } from './statistics.ts';

/** As many as one deployments repository is meant for. */
const APPLICATIONS = 2_000;
/** Rollouts that are under way and fail one after the other. */
const EVENTS = 240;
const EVENT_EVERY_MS = 250;
/** In production every five minutes; here as often as in a day of it. */
const RELIST_MS = 1_000;
/** A rollout that was just begun is looked at once before its event comes. */
const SETTLE_MS = 1_500;
/** What has not been reported by then is counted as lost. */
const LAST_MS_MAX = 10_000;
const FIRST_LIST_MS_MAX = 60_000;

interface Outcome {
  firstListMs: number;
  latenciesMs: number[];
  lost: number;
  samples: MemorySample[];
  relists: number;
  pages: number;
  rewrites: number;
}

/** How the bot follows 2,000 Applications: with the real client, PostgreSQL and queue, against the sandbox's API server. */
export async function measureApplications({ progress }: ScenarioContext): Promise<ScenarioReport> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-applications-'));
  const closers: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  try {
    return reportOf(await follow(directory, { progress, closers }));
  } catch (error) {
    return {
      title: 'Applications',
      table: '',
      rows: [],
      checks: [],
      failures: [`applications: ${describeError(error)}`],
    };
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function follow(
  directory: string,
  { progress, closers }: Pick<ScenarioContext, 'progress'> & { closers: (() => Promise<unknown>)[] },
): Promise<Outcome> {
  const port = await findFreePort();
  const server = await startPostgres({ port, dataDir: join(directory, 'postgres'), log: () => undefined });
  closers.push(() => server.close());
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const postgres = await createPostgres({ databaseUrl: server.url, log });
  closers.push(() => postgres.close());
  await postgres.migrate();
  const cluster = start<ClusterWord>('application-cluster.ts', [join(directory, 'cluster'), String(APPLICATIONS)]);
  closers.push(() => end(cluster.child));
  const { kubeconfigPath } = await cluster.hears('ready');
  const reported = new Map<string, number>();
  const begun = performance.now();
  const bot = start<BotWord>('application-bot.ts', [kubeconfigPath, server.url, String(RELIST_MS)], {
    onWord: (word) => {
      if (word.kind === 'reported') reported.set(word.serverId, word.at);
    },
    execArgv: readNodeFlags(),
  });
  closers.push(() => end(bot.child));
  await bot.hears('ready');
  progress(`applications: the first list of ${APPLICATIONS}`);
  await untilIdle(postgres);
  const firstListMs = performance.now() - begun;
  const first = await count(cluster);
  const broken = new Map<string, number>();
  cluster.child.on('message', (word: ClusterWord) => {
    if (word.kind === 'broken') broken.set(word.serverId, word.at);
  });
  const samples: MemorySample[] = [];
  for (let index = 0; index < EVENTS; index += 1) {
    const serverId = `bench-${index * Math.floor(APPLICATIONS / EVENTS)}`;
    await beginRollout(postgres, serverId);
    setTimeout(() => order(cluster.child, { kind: 'break', serverId }), SETTLE_MS);
    samples.push({ requests: index, memoryMb: readMemoryMb(bot.child.pid ?? 0) });
    if (index % 60 === 0) progress(`applications: ${index} of ${EVENTS} events`);
    await delay(EVENT_EVERY_MS);
  }
  const deadline = performance.now() + LAST_MS_MAX;
  while (reported.size < EVENTS && performance.now() < deadline) await delay(50);
  const last = await count(cluster);
  const latenciesMs = [...broken].flatMap(([serverId, at]) =>
    reported.has(serverId) ? [(reported.get(serverId) ?? 0) - at] : [],
  );
  const pages = last.pages - first.pages;
  const relists = last.lists - first.lists;
  return {
    firstListMs,
    latenciesMs,
    lost: EVENTS - latenciesMs.length,
    samples,
    relists,
    pages,
    rewrites: last.rewrites,
  };
}

/** A list of four pages that was under way when the counting began has up to this many of its own in it. */
const PAGES_UNDER_WAY_MAX = 3;

/** Rounded up: one list that took a page more is enough to tell. */
function pagesOfEach({ pages, relists }: Outcome): number {
  return Math.ceil((pages - PAGES_UNDER_WAY_MAX) / relists);
}

function reportOf(outcome: Outcome): ScenarioReport {
  const { latenciesMs, samples, relists, lost } = outcome;
  const { p50Ms, p99Ms, maxMs } = summarizeLatencies(latenciesMs);
  const growth = growthOverLastHalf(samples);
  const rows: [string, string][] = [
    ['Applications', String(APPLICATIONS)],
    ['start until all were told and looked at, ms', renderNumber(outcome.firstListMs)],
    ['events, lost', `${latenciesMs.length + lost}, ${lost}`],
    ['event to its check run, p50 ms', renderNumber(p50Ms)],
    ['event to its check run, p99 ms', renderNumber(p99Ms)],
    ['event to its check run, slowest ms', renderNumber(maxMs)],
    ['lists anew', String(relists)],
    ['requests for each', String(pagesOfEach(outcome))],
    ['rewrites that said nothing new', String(outcome.rewrites)],
    ['memory at most, MB', renderNumber(Math.max(...samples.map(({ memoryMb }) => memoryMb)))],
    ['growth over the last half, %', renderNumber(growth)],
  ];
  return {
    title: `${APPLICATIONS} Applications`,
    table: renderTable(['what', 'measured'], rows),
    rows: [{ ...outcome, samples: undefined, p50Ms, p99Ms, maxMs, growth }],
    checks: [
      { name: 'eventToCheckRun', value: lost > 0 ? Number.POSITIVE_INFINITY : p50Ms },
      { name: 'applicationsGrowth', value: growth },
      { name: 'applicationsMemory', value: Math.max(...samples.map(({ memoryMb }) => memoryMb)) },
      { name: 'relistPages', value: pagesOfEach(outcome) },
    ],
    failures: [],
  };
}

/** A rollout whose overlay was merged a minute ago, so that what the cluster says of it counts at once. */
async function beginRollout(postgres: Postgres, serverId: string): Promise<void> {
  const index = Number(serverId.slice('bench-'.length));
  const repository = { owner: 'acme', name: serverId };
  const server = await postgres.hostedServers.create({
    serverId,
    serverName: serverId,
    description: null,
    conversationId: null,
    dockerImage: `ghcr.io/acme/mcp-servers/${serverId}`,
    k8sNamespace: 'mcp-servers',
    endpointUrl: `https://${serverId}.mcp.example.com/mcp`,
    source: { repository, repositoryId: 1_000_000 + index, installationId: 1, defaultBranch: 'main' },
  });
  const id = randomUUID();
  const at = new Date(Date.now() - 60_000).toISOString();
  const rollout: Rollout = {
    id,
    hostedServerId: server.id,
    serverId,
    serverName: serverId,
    kind: 'deploy',
    stage: 'syncing',
    trigger: { kind: 'api', requestId: id },
    triggeredAt: at,
    requestedBy: 'kim',
    source: { repository, repositoryNodeId: 'R_1', installationId: 1, defaultBranch: 'main', commitSha: REVISION },
    endpointUrl: server.endpointUrl,
    imageRepository: server.dockerImage,
    config: {
      env: [],
      resources: DEFAULT_RESOURCES,
      scaling: { min: 1, max: 1 },
      access: 'private',
      secrets: 'cluster',
      sessions: 'shared',
    },
    runtime: 'node',
    configProblems: [],
    needsSetup: false,
    mergePolicy: 'review',
    merge: { sha: REVISION, by: 'kim' },
    refreshed: true,
    reports: {},
    stages: [{ stage: 'syncing', at }],
  };
  await postgres.rollouts.start(rollout, `bench:${id}`, { status: 'deploying' });
}

/** Every server that the first list told of was looked at. */
async function untilIdle(postgres: Postgres): Promise<void> {
  const deadline = performance.now() + FIRST_LIST_MS_MAX;
  let idle = 0;
  while (idle < 3 && performance.now() < deadline) {
    await delay(200);
    const { jobs } = await postgres.measures.read();
    const waiting = jobs.filter(({ queue, state }) => queue === 'advance' && state !== 'failed');
    idle = waiting.length === 0 ? idle + 1 : 0;
  }
}

/** What the bot's own installation tells Node about memory. */
function readNodeFlags(): string[] {
  const text = readFileSync(new URL('../kustomize/platform/deployment.yaml', import.meta.url), 'utf8');
  const { command } = parseDocument(text).toJS().spec.template.spec.containers[0] as { command: string[] };
  return command.filter((word) => word.startsWith('--'));
}

interface Heard<Word extends { kind: string }> {
  child: ChildProcess;
  /** The next word of a kind. */
  hears<Kind extends Word['kind']>(kind: Kind): Promise<Extract<Word, { kind: Kind }>>;
}

function start<Word extends { kind: string }>(
  file: string,
  options: string[],
  { onWord = () => undefined, execArgv = [] }: { onWord?: (word: Word) => void; execArgv?: string[] } = {},
): Heard<Word> {
  const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const;
  const child = fork(join(import.meta.dirname, file), options, { stdio: [...stdio], execArgv });
  child.on('message', (word: Word) => onWord(word));
  return {
    child,
    hears: (kind) =>
      new Promise((resolve, reject) => {
        const listen = (word: Word): void => {
          if (word.kind !== kind) return;
          child.off('message', listen);
          resolve(word as never);
        };
        child.on('message', listen);
        child.once('exit', (code) => reject(new Error(`${file} ended (${code})`)));
      }),
  };
}

async function count(cluster: Heard<ClusterWord>) {
  const counted = cluster.hears('counted');
  order(cluster.child, { kind: 'count' });
  return counted;
}

function order(child: ChildProcess, what: ClusterOrder): void {
  child.send(what);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
