import { createKubernetes } from '../src/adapters/kubernetes/create-kubernetes.ts';
import { createPostgres } from '../src/adapters/postgres/create-postgres.ts';
import { watchApplications } from '../src/inbound/watch-applications.ts';
import type { Log } from '../src/ports/log.ts';
import { advanceServer } from '../src/workflows/advance-server.ts';
import type { Platform } from '../src/workflows/platform.ts';

export type BotWord =
  | { kind: 'ready' }
  /** A check run would have been written now. */
  | { kind: 'reported'; serverId: string; conclusion: string; at: number };

/** As `src/bot.ts` has it. */
const WORKER_CONCURRENCY = 4;

/** The half of the bot that follows the cluster: watch, queue, workers and decider; what GitHub would be told is told here. */
const [kubeconfigPath = '', databaseUrl = '', relistMs = '0'] = process.argv.slice(2);
const log: Log = { debug: () => {}, info: () => {}, warn: complain, error: complain };
const postgres = await createPostgres({ databaseUrl, log });
await postgres.migrate();
const kubernetes = createKubernetes({
  kubeconfigPath,
  serversNamespace: 'mcp-servers',
  argocdNamespace: 'argocd',
  log,
});
const platform = {
  settings: { githubWebUrl: 'https://github.com' },
  now: () => new Date(),
  log,
  ...kubernetes,
  ...postgres,
  reports: {
    async publish(report: { checkRun: { externalId: string; conclusion?: string } }) {
      const rollout = await postgres.rollouts.read(report.checkRun.externalId);
      const { conclusion = 'none' } = report.checkRun;
      if (rollout) say({ kind: 'reported', serverId: rollout.serverId, conclusion, at: Date.now() });
      return {};
    },
  },
} as unknown as Platform;
await postgres.startWorkers({
  concurrency: WORKER_CONCURRENCY,
  reconcileIntervalMs: 300_000,
  onDelivery: async () => undefined,
  onAdvance: (serverId) => advanceServer(platform, serverId),
  onReconcile: async () => undefined,
  driftIntervalMs: 3_600_000,
  onDrift: async () => undefined,
});
watchApplications(platform, new AbortController().signal, Number(relistMs));
process.on('disconnect', () => process.exit(0));
say({ kind: 'ready' });

function complain(fields: object, message: string): void {
  process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
}

function say(word: BotWord): void {
  process.send?.(word);
}
