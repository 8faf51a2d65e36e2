import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { measureApplications } from './applications-scenario.ts';
import { type BenchSettings, parseBenchArguments, type ScenarioName, USAGE } from './bench-arguments.ts';
import { measureBigMessages } from './big-message-scenario.ts';
import { measureConnect } from './connect-scenario.ts';
import { installPeers } from './install-peers.ts';
import { judge, renderChecks } from './promises.ts';
import { measureReady } from './ready-scenario.ts';
import { killRunningContestants } from './running-contestant.ts';
import type { Scenario, ScenarioReport } from './scenario.ts';
import { measureSessions } from './sessions-scenario.ts';
import { measureSoak } from './soak-scenario.ts';
import { measureWrapper } from './wrapper-scenario.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

const SCENARIOS: Record<ScenarioName, readonly Scenario[]> = {
  wrapper: [measureWrapper, measureReady, measureBigMessages],
  sessions: [measureSessions],
  soak: [measureSoak],
  connect: [measureConnect],
  applications: [measureApplications],
};

const parsed = parseBenchArguments(process.argv.slice(2));
switch (parsed.kind) {
  case 'help':
    process.stdout.write(USAGE);
    break;
  case 'problem':
    process.stderr.write(`Cannot measure: ${parsed.message}\n\n${USAGE}`);
    process.exitCode = EXIT_USAGE;
    break;
  case 'run':
    process.on('exit', killRunningContestants);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(EXIT_INTERRUPTED));
    process.exitCode = await run(parsed.settings);
}

/** @returns the exit code: slowness is no failure unless `--strict`, what did not run is */
async function run(settings: BenchSettings): Promise<number> {
  const startMs = performance.now();
  const progress = (line: string): void => {
    const seconds = Math.round((performance.now() - startMs) / 1000);
    process.stderr.write(`${String(seconds).padStart(5)} s  ${line}\n`);
  };
  for (const built of ['wrapper/dist/main.cjs', 'connect/dist/main.cjs']) {
    if (existsSync(join(import.meta.dirname, '..', built))) continue;
    process.stderr.write(`Cannot measure: ${built} is not built. Run npm run build first.\n`);
    return EXIT_FAILED;
  }
  if (settings.scenarios.some((name) => name !== 'applications')) installPeers({ progress });
  const reports: ScenarioReport[] = [];
  const failures: string[] = [];
  for (const name of settings.scenarios) {
    for (const measure of SCENARIOS[name]) reports.push(await measure({ settings, progress }));
  }
  failures.push(...reports.flatMap((report) => report.failures));
  const checks = reports.flatMap((report) => report.checks);
  process.stdout.write(settings.json ? renderJson(settings, { reports, failures }) : renderText({ reports, failures }));
  const isMissed = checks.some((check) => judge(check) === 'MISSED');
  return failures.length > 0 || (settings.strict && isMissed) ? EXIT_FAILED : 0;
}

interface Outcome {
  reports: readonly ScenarioReport[];
  failures: readonly string[];
}

function renderJson(settings: BenchSettings, { reports, failures }: Outcome): string {
  const checks = reports.flatMap((report) => report.checks).map((check) => ({ ...check, verdict: judge(check) }));
  const measured = reports.map(({ title, rows }) => ({ title, rows }));
  return `${JSON.stringify({ settings, measured, checks, failures })}\n`;
}

function renderText({ reports, failures }: Outcome): string {
  const tables = reports.map(({ title, table }) => `## ${title}\n\n${table}\n`);
  const checks = reports.flatMap((report) => report.checks);
  if (checks.length > 0) tables.push(`## Promises\n\n${renderChecks(checks)}\n`);
  if (failures.length > 0) tables.push(`## Not measured\n\n${failures.map((failure) => `- ${failure}`).join('\n')}\n`);
  return `\n${tables.join('\n')}`;
}
