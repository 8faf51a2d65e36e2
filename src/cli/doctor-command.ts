import { readFileSync } from 'node:fs';
import { parseConfig } from '../config.ts';
import { broken } from '../domain/doctor/diagnosis.ts';
import { plainLine } from '../domain/reports/escape-markdown.ts';
import { fullName } from '../domain/repository.ts';
import { UserError } from '../domain/user-error.ts';
import { readBotEnvironment } from './bot-environment.ts';
import { type CliContext, type CommonOptions, printJson, printLine } from './cli-context.ts';
import { clusterChecks } from './doctor-cluster.ts';
import { databaseChecks } from './doctor-database.ts';
import { endpointChecks } from './doctor-endpoint.ts';
import { githubChecks } from './doctor-github.ts';
import { readPolicy } from './doctor-policy.ts';
import { type CheckReport, type DoctorCheck, runChecks } from './run-checks.ts';
import { paint } from './terminal.ts';

export interface DoctorOptions extends CommonOptions {
  /** Seconds. */
  timeout: number;
  /** Names of checks; absent: all. */
  only?: string[];
}

/** `mcp-hosting doctor`: looks at a live installation, in the bot's own environment, and changes nothing. */
export async function runDoctor(context: CliContext, options: DoctorOptions): Promise<void> {
  const checks = chosen(checksFor(context, options), options.only);
  const reports = await runChecks(checks, options.timeout * 1000);
  const count = reports.filter(({ status }) => status === 'broken').length;
  if (options.json) printJson(context, { ok: count === 0, checks: reports });
  else printReports(context, reports);
  if (count > 0) throw unhealthy(count);
}

function checksFor(context: CliContext, options: DoctorOptions): DoctorCheck[] {
  const env = readBotEnvironment({ env: context.env, cwd: context.cwd, dataDir: options.dataDir });
  const parsed = parseConfig(env, (path) => readFileSync(path, 'utf8'));
  if (!parsed.ok) return [configurationCheck(parsed.problems)];
  const { config } = parsed;
  const place = { config, now: context.now, timeoutMs: options.timeout * 1000 };
  const policy = readPolicy(place);
  return [
    {
      name: 'configuration',
      title: 'Configuration',
      run: async () => ({ found: `deployments in ${fullName(config.deploymentsRepository)}`, problems: [] }),
    },
    ...githubChecks(place, policy),
    ...clusterChecks(place, policy),
    ...endpointChecks(place),
    ...databaseChecks(place),
  ];
}

/** A configuration that cannot be used is told whatever was chosen. @throws UserError `usage-invalid` */
function chosen(checks: readonly DoctorCheck[], only: readonly string[] | undefined): readonly DoctorCheck[] {
  if (only === undefined || checks.length === 1) return checks;
  const unknown = only.find((name) => !checks.some((check) => check.name === name));
  if (unknown === undefined) return checks.filter(({ name }) => only.includes(name));
  throw new UserError(
    'usage-invalid',
    `Cannot check ${JSON.stringify(unknown.slice(0, 50))}: there is no such check, expected ${checks.map(({ name }) => name).join(', ')}`,
    'Leave --only out to run all of them.',
  );
}

/** Without a configuration there is nothing to look at; the other checks would only repeat what is missing. */
function configurationCheck(problems: readonly string[]): DoctorCheck {
  const fix =
    "Run it where the bot's environment is: kubectl -n mcp-hosting exec deploy/mcp-hosting -- mcp-hosting doctor. Otherwise set the variables of docs/configuration.md.";
  return {
    name: 'configuration',
    title: 'Configuration',
    run: async () => ({ found: 'incomplete', problems: problems.map((problem) => broken(problem, fix)) }),
  };
}

const MARKS = { ok: ['✔', 'green'], warning: ['!', 'cyan'], broken: ['✖', 'red'] } as const;

function printReports(context: CliContext, reports: readonly CheckReport[]): void {
  const { color } = context.terminal;
  const width = Math.max(...reports.map(({ title }) => title.length));
  for (const { status, title, found, problems } of reports) {
    const [mark, style] = MARKS[status];
    printLine(context, ` ${paint(mark, style, color)} ${title.padEnd(width)}  ${plainLine(found, 200)}`);
    for (const [index, { problem, fix }] of problems.entries()) {
      printLine(context, `     ${plainLine(problem, 500)}`);
      // What mends several in a row is said once, below them.
      if (problems[index + 1]?.fix === fix) continue;
      printLine(context, `     ${paint('→', 'cyan', color)} ${plainLine(fix, 500)}`);
    }
  }
  printLine(context, `\n${lastLine(reports)}`);
}

function lastLine(reports: readonly CheckReport[]): string {
  const count = (status: CheckReport['status']) => reports.filter((report) => report.status === status).length;
  const [bad, warned] = [count('broken'), count('warning')];
  if (bad === 0 && warned === 0) return `All ${reports.length} checks are fine.`;
  return `Of ${reports.length} ${reports.length === 1 ? 'check' : 'checks'} ${bad} ${bad === 1 ? 'is' : 'are'} broken, ${warned} ${warned === 1 ? 'warns' : 'warn'}.`;
}

function unhealthy(count: number): UserError {
  return new UserError(
    'installation-broken',
    `Cannot call the installation healthy: ${count} ${count === 1 ? 'check is' : 'checks are'} broken, expected none`,
    'Mend what stands after → and run it again.',
  );
}
