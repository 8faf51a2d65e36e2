import { relative } from 'node:path';
import { hostedLines } from '../src/cli/host-command.ts';
import type { HostedDirectory } from '../src/cli/host-directory.ts';
import { createStageLines, type StageLines } from '../src/cli/stage-lines.ts';
import { describeTerminal, paint, type Terminal } from '../src/cli/terminal.ts';
import { UserError } from '../src/domain/user-error.ts';
import { callTool } from './call-tool.ts';
import { claimDataDirectory } from './data-directory.ts';
import { hostHello } from './host-hello.ts';
import { awaitCheckConclusion, composeSummary, countRequests, forgetRequests } from './once-summary.ts';
import { parseSettings, type SandboxSettings, USAGE } from './settings.ts';
import { type SandboxOptions, startPart, startSandbox } from './start-sandbox.ts';

const GREETED = 'world';

const parsed = parseSettings(process.argv.slice(2), process.cwd());
if (parsed.kind === 'help') process.stdout.write(USAGE);
else if (parsed.kind === 'problem') {
  process.stderr.write(`Cannot start the sandbox: ${parsed.message}\n\n${USAGE}`);
  process.exitCode = 2;
} else process.exitCode = await run(parsed.settings);

/** @returns the exit code. */
async function run(settings: SandboxSettings): Promise<number> {
  const terminal = describeTerminal(
    { stdout: settings.json ? process.stderr : process.stdout, stderr: process.stderr },
    process.env,
  );
  const lines = createStageLines({ terminal });
  const interrupted = whenInterrupted();
  const closers: (() => Promise<void>)[] = [];
  let stage = 'preparing';
  try {
    const directory = await claimDataDirectory(settings.dataDir, { fresh: settings.fresh });
    closers.push(directory.release);
    const work = bringUp(settings, { terminal, lines, closers, enter: (name) => (stage = name) });
    const outcome = await Promise.race([work, interrupted]);
    if (outcome !== 'interrupted' && !settings.once) await interrupted;
    return 0;
  } catch (error) {
    lines.stop();
    process.stderr.write(explain(error, stage, terminal));
    return 1;
  } finally {
    lines.stop();
    for (const close of closers.reverse()) await close();
    if (!settings.once) process.stderr.write('Stopped.\n');
  }
}

interface Stage {
  terminal: Terminal;
  lines: StageLines;
  closers: (() => Promise<void>)[];
  enter(stage: string): void;
}

async function bringUp(settings: SandboxSettings, stage: Stage): Promise<void> {
  const { lines } = stage;
  lines.note(
    `mcp-hosting sandbox · data in ${relative(process.cwd(), settings.dataDir) || '.'} · Ctrl-C stops everything\n`,
  );
  const options: SandboxOptions = {
    port: settings.port,
    dataDir: settings.dataDir,
    onStarting: (name) => {
      stage.enter(name);
      lines.start(name);
    },
    onStarted: ({ name, address, detail, tookMs }) =>
      lines.succeed({ label: name, durationMs: tookMs, detail: `${address}${detail ? `   ${detail}` : ''}` }),
    botEnv: passedOn(process.env),
  };
  if (settings.only) {
    const part = await startPart(settings.only, options);
    stage.closers.push(part.close);
    return;
  }
  const sandbox = await startSandbox(options);
  stage.closers.push(sandbox.close);
  lines.note('');
  if (settings.platformOnly) return lines.note('The platform is up. Next: npx mcp-hosting host ./your-server');
  stage.enter('hosting examples/hello');
  if (settings.once) await forgetRequests(sandbox.file);
  const hosted = await hostHello(sandbox.file, lines);
  for (const line of hostedLines(hosted)) lines.note(line);
  if (!settings.once) return;
  stage.enter('reporting to GitHub');
  const checkConclusion = await awaitCheckConclusion(sandbox.file, hosted);
  const githubRequests = await countRequests(sandbox.file);
  stage.enter('calling a tool');
  const call = await callHello(hosted, lines);
  if (settings.json) {
    const summary = await composeSummary(sandbox.file, { hosted, call, checkConclusion, githubRequests });
    process.stdout.write(`${JSON.stringify(summary)}\n`);
  }
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
  const names = ['GITHUB_REQUEST_TIMEOUT_MS', 'RECONCILE_INTERVAL_MS', 'LOG_LEVEL', 'ROUTE'];
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

function whenInterrupted(): Promise<'interrupted'> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve('interrupted'));
  });
}

function explain(error: unknown, stage: string, { color }: Terminal): string {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof UserError ? `\n${error.hint}` : '';
  return `${paint('Failed', 'red', color)} while ${stage}: ${message}${hint}\n`;
}
