import { fullName, type RepositoryName } from '../domain/repository.ts';
import { conflictLines, conflictSummary } from '../domain/scaffold/describe-conflict.ts';
import type { ScaffoldConflict } from '../domain/scaffold/plan-scaffold.ts';
import type { Files } from '../domain/scaffold/render-scaffold.ts';
import { diffScaffold } from '../domain/scaffold/scaffold-diff.ts';
import { type GivenScaffoldOptions, parseRepositoryOption } from '../domain/scaffold/scaffold-options.ts';
import { SCAFFOLD_RECORD } from '../domain/scaffold/scaffold-record.ts';
import { UserError } from '../domain/user-error.ts';
import { bootstrapDirectory } from './bootstrap-directory.ts';
import { bootstrapRepository } from './bootstrap-repository.ts';
import { type CliContext, type CommonOptions, printJson, printLine, settingsOf } from './cli-context.ts';
import { paint } from './terminal.ts';

export interface BootstrapOptions extends CommonOptions {
  repository: string;
  output?: string;
  dryRun?: true;
  domain?: string;
  route?: 'gateway' | 'ingress';
  implementation?: 'envoy-gateway' | 'nginx' | 'other';
  gatewayClass?: string;
  gatewayNamespace?: string;
  ingressClass?: string;
  proxyNamespace?: string[];
  clusterIssuer?: string;
  scaleToZero?: boolean;
  autoscale?: boolean;
  monitoring?: boolean;
  monitoringNamespace?: string;
  servers?: number;
  merge?: 'review' | 'auto';
  codeOwner?: string[];
  platformHost?: string;
  image?: string;
}

/** What either place of the scaffold answers. */
export interface BootstrapResult {
  before: Files;
  after: Files;
  conflicts: readonly ScaffoldConflict[];
  /** Of the proposal, new or still open; a folder has none. */
  pullRequest?: { number: number; url: string };
  /** Where the files went, as the last line says it; undefined where nothing changed. */
  written?: string;
}

/** `mcp-hosting bootstrap`: the scaffold of a deployments repository, as a pull request or in a folder. */
export async function runBootstrap(context: CliContext, options: BootstrapOptions): Promise<void> {
  const repository = parseRepositoryOption(options.repository);
  if (options.output === '') throw emptyOutput();
  const settings = settingsOf(context, options);
  const request = { repository, given: givenOptions(options), dryRun: options.dryRun === true, settings };
  const result =
    options.output === undefined
      ? await bootstrapRepository(context, request)
      : await bootstrapDirectory(context, { ...request, directory: options.output });
  if (options.json) return printJson(context, summary(repository, options, result));
  printResult(context, options, result);
}

/** An unset variable of a script would have the scaffold written to the working directory. */
function emptyOutput(): UserError {
  return new UserError(
    'usage-invalid',
    'Cannot use --output: it is empty, expected the path of a folder',
    'Write `--output .` for this one.',
  );
}

/** What was given only: the rest is what an earlier run recorded, or a default. */
function givenOptions(options: BootstrapOptions): GivenScaffoldOptions {
  const { proxyNamespace, codeOwner, json, dataDir, repository, output, dryRun, ...same } = options;
  return {
    ...same,
    ...(proxyNamespace ? { proxyNamespaces: proxyNamespace } : {}),
    ...(codeOwner ? { codeOwners: codeOwner } : {}),
  };
}

function printResult(context: CliContext, options: BootstrapOptions, result: BootstrapResult): void {
  const changes = diffScaffold(result.before, result.after);
  if (options.dryRun) for (const { patch } of changes) printPatch(context, patch);
  else for (const { kind, path } of changes) printLine(context, ` ${MARKS[kind]} ${path}`);
  for (const conflict of result.conflicts) printConflict(context, conflict);
  printLine(context, lastLine(options, result, changes.length));
}

const MARKS = { added: '+', changed: '~', removed: '-' } as const;

function lastLine(options: BootstrapOptions, { pullRequest, written }: BootstrapResult, changes: number): string {
  if (options.dryRun)
    return changes === 0 ? 'Nothing would change.' : `${files(changes)} would change. Nothing was written.`;
  if (written !== undefined) return `${changes === 0 ? `Only ${SCAFFOLD_RECORD}` : files(changes)} ${written}`;
  return pullRequest ? `Nothing new to propose: ${pullRequest.url} is open.` : 'Nothing to change: it is up to date.';
}

function files(count: number): string {
  return count === 1 ? '1 file' : `${count} files`;
}

function printConflict(context: CliContext, conflict: ScaffoldConflict): void {
  const { color } = context.terminal;
  printLine(context, paint(` ! ${conflictSummary(conflict)}`, 'red', color));
  for (const line of conflictLines(conflict)) printLine(context, `     ${shownLine(line)}`);
}

function printPatch(context: CliContext, patch: string): void {
  for (const line of patch.replace(/\n$/, '').split('\n')) {
    const style = line.startsWith('+') ? 'green' : line.startsWith('-') ? 'red' : undefined;
    printLine(context, style ? paint(shownLine(line), style, context.terminal.color) : shownLine(line));
  }
}

/** A line of somebody's file on a terminal: its indentation stays, control characters go. */
function shownLine(line: string): string {
  return line.replace(/(?!\t)[\p{Cc}\p{Cf}]/gu, '');
}

function summary(repository: RepositoryName, options: BootstrapOptions, result: BootstrapResult) {
  const { before, after, conflicts, pullRequest } = result;
  return {
    repository: fullName(repository),
    dryRun: options.dryRun === true,
    changes: diffScaffold(before, after).map(({ path, kind, patch }) => ({ path, kind, patch })),
    conflicts: conflicts.map((conflict) => ({ path: conflict.path, reason: conflict.reason, lines: conflict.lines })),
    ...(pullRequest ? { pullRequest: { number: pullRequest.number, url: pullRequest.url } } : {}),
  };
}
