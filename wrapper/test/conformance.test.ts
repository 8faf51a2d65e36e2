import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { killStarted, startWrapper } from './wrapper-process.ts';

const require = createRequire(import.meta.url);

const SUITES = {
  '0.1.16': require.resolve('conformance-2025-11-25/dist/index.js'),
  '0.2.0-alpha.12': require.resolve('@modelcontextprotocol/conformance/dist/index.js'),
};

/** Of an extension that neither fixture speaks. */
const IS_EXTENSION = /^tasks-/;

/**
 * These want an input request under the name `user_name`. A server up to 2025-11-25 asks by JSON-RPC requests, which have
 * no names, so the fixture has nothing to pass them with. The same flow under any name is in the other scenarios.
 */
const NAMED_INPUT = ['input-required-result-basic-elicitation', 'input-required-result-ignore-extra-params'];

interface Run {
  fixture: 'legacy-server' | 'modern-server';
  suite: keyof typeof SUITES;
  args: string[];
  scenarios: number;
  sessions?: 'shared' | 'isolated';
  beyondFixture?: string[];
}

const RUNS: Run[] = (['legacy-server', 'modern-server'] as const).flatMap((fixture): Run[] => [
  { fixture, suite: '0.1.16', args: ['--suite', 'all'], scenarios: 32 },
  { fixture, suite: '0.2.0-alpha.12', args: ['--requirements', '2025-11-25'], scenarios: 33 },
  {
    fixture,
    suite: '0.2.0-alpha.12',
    args: ['--requirements', '2026-07-28'],
    scenarios: 40,
    beyondFixture: fixture === 'legacy-server' ? NAMED_INPUT : [],
  },
]);

/** One server for each session: slower to test, and for sessions only. */
const ISOLATED: Run = {
  fixture: 'legacy-server',
  suite: '0.2.0-alpha.12',
  args: ['--requirements', '2025-11-25'],
  scenarios: 33,
  sessions: 'isolated',
};

afterEach(killStarted);

test.each(
  [...RUNS, ISOLATED].map(
    (run) => [run.sessions ?? 'shared', run.fixture, `${run.suite} ${run.args.join(' ')}`, run] as const,
  ),
)(
  '%s %s passes the conformance suite %s through the wrapper',
  async (sessions, fixture, _suite, { suite, args, scenarios, beyondFixture = [] }) => {
    const command = [process.execPath, fileURLToPath(new URL(`./fixtures/${fixture}.ts`, import.meta.url))];
    const { url } = await startWrapper({ command, args: ['--sessions', sessions] });

    const results = await runSuite(suite, ['server', '--url', url, ...args]);

    const counted = results.filter(({ scenario }) => !IS_EXTENSION.test(scenario));
    const failures = counted
      .filter(({ scenario }) => !beyondFixture.includes(scenario))
      .flatMap(({ scenario, failed }) => failed.map((reason) => `${scenario}: ${reason}`));
    expect(failures).toEqual([]);
    expect(counted).toHaveLength(scenarios);
  },
);

interface ScenarioResult {
  scenario: string;
  /** Why, for each check that failed, of a MUST or of a SHOULD. */
  failed: string[];
}

interface Check {
  id: string;
  status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  errorMessage?: string;
}

async function runSuite(suite: keyof typeof SUITES, args: string[]): Promise<ScenarioResult[]> {
  const output = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    const child = spawn(process.execPath, [SUITES[suite], ...args, '--output-dir', output], { stdio: 'ignore' });
    await once(child, 'exit');
    const folders = (await readdir(output)).sort();
    return await Promise.all(folders.map((folder) => readResult(output, folder)));
  } finally {
    await rm(output, { recursive: true });
  }
}

/** A folder is named `server-SCENARIO-TIME`. */
async function readResult(output: string, folder: string): Promise<ScenarioResult> {
  const scenario = folder.replace(/^server-/, '').replace(/-\d{4}-\d{2}-\d{2}T.*$/, '');
  const json = await readFile(join(output, folder, 'checks.json'), 'utf8').catch(() => undefined);
  if (json === undefined) return { scenario, failed: ['ended in the middle'] };
  const failed = (JSON.parse(json) as Check[])
    .filter(({ status }) => status === 'FAILURE' || status === 'WARNING')
    .map(({ id, errorMessage }) => `${id}: ${errorMessage ?? 'failed'}`);
  return { scenario, failed };
}
