import { setTimeout as delay } from 'node:timers/promises';
import { createGitHubPerson, type GitHubPerson } from './github-person.ts';
import { createHostingApi, type HostingApi } from './hosting-api.ts';
import { type CliSettings, readSettings, requireSettings } from './settings.ts';
import type { Terminal } from './terminal.ts';

/** What a command has of the world outside. */
export interface CliContext {
  terminal: Terminal;
  env: NodeJS.ProcessEnv;
  cwd: string;
  now(): Date;
  /** Asks on the terminal; undefined where nobody can answer. */
  confirm?: (question: string) => Promise<boolean>;
  /** Reads what is not to be seen: typed at a terminal and not shown, or all of stdin where it is none. */
  readSecret?: (question: string) => Promise<string>;
  /** Ends what goes on for ever, such as following a log. */
  signal: AbortSignal;
}

/** Options that every command has. */
export interface CommonOptions {
  json?: true;
  dataDir?: string;
}

export function settingsOf(context: CliContext, options: CommonOptions): CliSettings {
  const { env, cwd } = context;
  return readSettings({ env, cwd, ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }) });
}

/** @throws UserError `settings-missing` */
export function connectApi(settings: CliSettings): HostingApi {
  return createHostingApi(requireSettings(settings, ['apiUrl', 'apiToken']));
}

/** @returns undefined where there is no GitHub token. */
export function connectGitHub({ githubUrl, githubToken }: CliSettings): GitHubPerson | undefined {
  return githubToken ? createGitHubPerson({ githubUrl, token: githubToken, sleep: delay }) : undefined;
}

export function printLine(context: CliContext, line = ''): void {
  context.terminal.stdout.write(`${line}\n`);
}

export function printJson(context: CliContext, value: unknown): void {
  printLine(context, JSON.stringify(value));
}

/** With `--json` stdout is for the one object alone: progress goes to stderr, without movement. */
export function progressTerminal({ terminal }: CliContext, options: CommonOptions): Terminal {
  return options.json ? { ...terminal, stdout: terminal.stderr, interactive: false, color: false } : terminal;
}
