import { relative } from 'node:path';
import { hostedLines } from '../src/cli/host-command.ts';
import type { HostedDirectory } from '../src/cli/host-directory.ts';
import { createStageLines, type StageLines } from '../src/cli/stage-lines.ts';
import { describeTerminal, paint, type Terminal } from '../src/cli/terminal.ts';
import { UserError } from '../src/domain/user-error.ts';
import { callTool } from './call-tool.ts';
import { type ChosenEngine, chooseEngine } from './choose-engine.ts';
import { claimDataDirectory } from './data-directory.ts';
import { findEngine } from './docker/find-engine.ts';
import { hostHello } from './host-hello.ts';
import { awaitCheckConclusion, composeSummary, countRequests, forgetRequests } from './once-summary.ts';
import type { SandboxFile } from './sandbox-file.ts';
import { parseSettings, type SandboxSettings, USAGE } from './settings.ts';
import { type SandboxOptions, startPart, startSandbox } from './start-sandbox.ts';

const GREETED = 'world';

const parsed = parseSettings(process.argv.slice(2), process.cwd());
if (parsed.kind === 'help') process.stdout.write(USAGE);
else if (parsed.kind === 'problem') {
  process.stderr.write(`Cannot start the sandbox: ${parsed.message}\n\n${USAGE}`);
  process.exitCode = 2;
} else {
  const exitCode = await run(parsed.settings);
  // What followed a rollout when Ctrl-C came would go on asking.
  process.exit(exitCode);
}

interface Stage {
  terminal: Terminal;
  lines: StageLines;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** Names what goes on, for the message of a failure. */
  enter(stage: string): void;
  defer(close: () => Promise<void>): void;
}

/** @returns the exit code; every process that was started is gone by then. */
async function run(settings: SandboxSettings): Promise<number> {
  const terminal = describeTerminal(
    { stdout: settings.json ? process.stderr : process.stdout, stderr: process.stderr },
    process.env,
  );
  const lines = createStageLines({ terminal });
  const signal = abortedByCtrlC(() => lines.note('\nStopping'));
  const closers: (() => Promise<void>)[] = [];
  let doing = 'preparing';
  try {
    const enter = (name: string): void => {
      doing = name;
    };
    const defer = (close: () => Promise<void>): void => void closers.push(close);
    await Promise.race([bringUp(settings, { terminal, lines, signal, enter, defer }), untilBroken()]);
    return 0;
  } catch (error) {
    if (signal.aborted) return settings.once ? 1 : 0;
    lines.stop();
    process.stderr.write(explain(error, doing, terminal));
    return 1;
  } finally {
    lines.stop();
    for (const close of closers.reverse()) {
      await close().catch((error: unknown) => process.stderr.write(explain(error, 'stopping', terminal)));
    }
    if (signal.aborted) lines.note('Stopped: no process is left');
  }
}

/** Rejects when a part broke where nobody waits for it (a full disk): the other processes must not outlive this one. */
function untilBroken(): Promise<never> {
  return new Promise((_, reject) => process.on('uncaughtException', reject));
}

async function bringUp(settings: SandboxSettings, stage: Stage): Promise<void> {
  const { lines, signal } = stage;
  const directory = await claimDataDirectory(settings.dataDir, { fresh: settings.fresh });
  stage.defer(directory.release);
  const shown = relative(process.cwd(), settings.dataDir) || '.';
  lines.note(`mcp-hosting sandbox · data in ${shown} · Ctrl-C stops everything\n`);
  const { engine, note } = settings.cluster
    ? await engineForCluster()
    : await chooseEngine(settings.engine, { dataDir: settings.dataDir, env: process.env });
  if (note) lines.note(`${note}\n`);
  const options = { ...sandboxOptions(settings, stage), engine };
  if (settings.only) {
    stage.defer((await startPart(settings.only, options)).close);
    return untilAborted(signal);
  }
  const sandbox = await startSandbox(options);
  stage.defer(sandbox.close);
  stage.enter('running');
  lines.note('');
  const work = settings.platformOnly ? tellNext(lines) : host(settings, stage, sandbox.file);
  await Promise.race([work, untilAborted(signal)]);
  if (!settings.once) await untilAborted(signal);
}

/** Images for a real cluster are built by the engine that is there; without one the cluster says so. */
async function engineForCluster(): Promise<ChosenEngine> {
  const found = await findEngine(process.env);
  return 'missing' in found ? {} : { engine: found };
}

function sandboxOptions(settings: SandboxSettings, { lines, signal, enter }: Stage): SandboxOptions {
  return {
    port: settings.port,
    dataDir: settings.dataDir,
    cluster: settings.cluster,
    signal,
    onStarting: (name) => {
      enter(`starting ${name}`);
      lines.start(name);
    },
    onStarted: ({ name, address, detail, tookMs }) =>
      lines.succeed({ label: name, durationMs: tookMs, detail: `${address}${detail ? ` · ${detail}` : ''}` }),
    botEnv: passedOn(process.env),
  };
}

async function tellNext(lines: StageLines): Promise<void> {
  lines.note('The platform is up. Next: npx mcp-hosting host ./your-server');
}

async function host(settings: SandboxSettings, { lines, enter }: Stage, file: SandboxFile): Promise<void> {
  enter('hosting examples/hello');
  if (settings.once) await forgetRequests(file);
  const hosted = await hostHello(file, lines);
  for (const line of hostedLines(hosted)) lines.note(line);
  if (!settings.once) return;
  enter('reporting to GitHub');
  const checkConclusion = await awaitCheckConclusion(file, hosted);
  const githubRequests = await countRequests(file);
  enter('calling a tool');
  const call = await callHello(hosted, lines);
  if (!settings.json) return;
  const summary = await composeSummary(file, { hosted, call, checkConclusion, githubRequests });
  process.stdout.write(`${JSON.stringify(summary)}\n`);
}

async function callHello(hosted: HostedDirectory, lines: StageLines) {
  const begun = performance.now();
  lines.start('calling greet');
  const call = await callTool({ ...hosted, tool: 'greet', arguments: { name: GREETED } });
  lines.succeed({ label: 'called greet', durationMs: performance.now() - begun, detail: JSON.stringify(call.result) });
  return call;
}

/** Knobs of the bot that may be turned for a sandbox too. */
function passedOn(env: NodeJS.ProcessEnv): Record<string, string> {
  const knobs = ['GITHUB_REQUEST_TIMEOUT_MS', 'RECONCILE_INTERVAL_MS', 'DRIFT_INTERVAL_MS', 'LOG_LEVEL', 'ROUTE'];
  const places = ['ARGOCD_NAMESPACE', 'SERVERS_NAMESPACE', 'GATEWAY_NAME', 'GATEWAY_NAMESPACE'];
  const names = [...knobs, ...places];
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

function abortedByCtrlC(onAbort: () => void): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) return;
      onAbort();
      controller.abort();
    });
  }
  return controller.signal;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function explain(error: unknown, doing: string, { color }: Terminal): string {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof UserError ? `\n${error.hint}` : '';
  return `${paint('Failed', 'red', color)} while ${doing}: ${message}${hint}\n`;
}
