import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Octokit } from '@octokit/rest';

/** What this program reads from stdin, as JSON. */
export interface GitHubScriptInput {
  script: string;
  token: string;
  apiUrl: string;
  retries: number;
  inputs: Readonly<Record<string, string>>;
  context: Readonly<Record<string, unknown>>;
}

/** A call that has not been answered by then will not be. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Between two tries of a request, growing with each. */
const RETRY_DELAY_MS = 500;
/** Answers that a second try does not change, as in actions/github-script. */
const STATUSES_NOT_RETRIED = [400, 401, 403, 404, 422];

const AsyncFunction = (async () => undefined).constructor as new (
  ...args: string[]
) => (...args: unknown[]) => Promise<unknown>;

await main();

async function main(): Promise<void> {
  const input = JSON.parse(await text(process.stdin)) as GitHubScriptInput;
  const github = createOctokit(input);
  const core = createCore(input.inputs);
  const require = createRequire(join(process.cwd(), 'script.js'));
  try {
    const script = new AsyncFunction('github', 'octokit', 'context', 'core', 'require', input.script);
    const result = await script(github, github, input.context, core, require);
    core.setOutput('result', result);
  } catch (error) {
    core.setFailed(error instanceof Error ? error.message : String(error));
  }
}

function createOctokit(input: GitHubScriptInput): Octokit {
  const github = new Octokit({ auth: input.token, baseUrl: input.apiUrl });
  github.hook.wrap('request', async (request, options) => {
    for (let attempt = 0; ; attempt++) {
      try {
        const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
        return await request({ ...options, request: { ...options.request, signal } });
      } catch (error) {
        const status = (error as { status?: number }).status ?? 0;
        if (attempt >= input.retries || STATUSES_NOT_RETRIED.includes(status)) throw error;
        await sleep(RETRY_DELAY_MS * (attempt + 1) ** 2);
      }
    }
  });
  return github;
}

/** The part of `@actions/core` that scripts use. */
function createCore(inputs: Readonly<Record<string, string>>) {
  const say = (command: string) => (message: unknown) => console.log(`::${command}::${escapeData(String(message))}`);
  return {
    getInput: (name: string) => inputs[name] ?? '',
    setOutput: (name: string, value: unknown) => writeAssignment('GITHUB_OUTPUT', name, value),
    exportVariable: (name: string, value: unknown) => {
      process.env[name] = String(value);
      writeAssignment('GITHUB_ENV', name, value);
    },
    setSecret: say('add-mask'),
    setFailed: (message: unknown) => {
      process.exitCode = 1;
      say('error')(message instanceof Error ? message.message : message);
    },
    info: (message: unknown) => console.log(message),
    debug: say('debug'),
    notice: say('notice'),
    warning: say('warning'),
    error: say('error'),
  };
}

function writeAssignment(file: string, name: string, value: unknown): void {
  const path = process.env[file];
  if (path === undefined || value === undefined) return;
  const delimiter = `ghadelimiter_${crypto.randomUUID()}`;
  const content = typeof value === 'string' ? value : JSON.stringify(value);
  appendFileSync(path, `${name}<<${delimiter}\n${content}\n${delimiter}\n`);
}

function escapeData(message: string): string {
  return message.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
