import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { verifies } from './verifies.ts';

const SUITE = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url),
);
const DRIVER = fileURLToPath(new URL('./fixtures/conformance-driver.ts', import.meta.url));

/** Scenarios by revision; each with a local client of either era, so that all four pairings are there. */
const SCENARIOS = {
  '2025-11-25': [
    'initialize',
    'tools_call',
    'elicitation-sep1034-client-defaults',
    'sse-retry',
    'json-schema-2020-12-preservation',
  ],
  '2026-07-28': [
    'tools_call',
    'request-metadata',
    'http-standard-headers',
    'http-custom-headers',
    'http-invalid-tool-headers',
    'sep-2322-client-request-state',
    'json-schema-ref-no-deref',
    'json-schema-2020-12-preservation',
  ],
};

const RUNS = Object.entries(SCENARIOS).flatMap(([revision, scenarios]) =>
  scenarios.flatMap((scenario) => ['legacy', 'modern'].map((era) => [era, scenario, revision] as const)),
);

/** What the scenarios check by themselves. */
const CHECKED = verifies(
  [
    'era-modern-error',
    'header-encoding',
    'header-invalid-tools',
    'header-params',
    'header-standard',
    'meta-per-request',
    'mrtr-echo-state',
    'mrtr-emulated',
    'mrtr-isolated',
    'mrtr-new-id',
    'resume-last-event',
    'resume-retry',
    'version-retry',
  ],
  'a %s client passes %s of %s through mcp-connect',
);

test.each(RUNS)(CHECKED, async (era, scenario, revision) => {
  const failed = await runScenario({ era, scenario, revision });

  expect(failed).toEqual([]);
});

interface Check {
  id: string;
  status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  errorMessage?: string;
}

/** @returns why, for each check that failed, of a MUST or of a SHOULD; and when the client itself failed */
async function runScenario(run: { era: string; scenario: string; revision: string }): Promise<string[]> {
  const output = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    const command = `"${process.execPath}" "${DRIVER}" ${run.era}`;
    const args = ['client', '--command', command, '--scenario', run.scenario, '--spec-version', run.revision];
    const child = spawn(process.execPath, [SUITE, ...args, '--output-dir', output], { stdio: 'ignore' });
    const [code] = await once(child, 'exit');
    const [folder = ''] = await readdir(output);
    const checks: Check[] = JSON.parse(await readFile(join(output, folder, 'checks.json'), 'utf8'));
    const failed = checks
      .filter(({ status }) => status === 'FAILURE' || status === 'WARNING')
      .map(({ id, errorMessage }) => `${id}: ${errorMessage ?? 'failed'}`);
    return code === 0 ? failed : [...failed, `the suite exited with ${code}`];
  } finally {
    await rm(output, { recursive: true });
  }
}
