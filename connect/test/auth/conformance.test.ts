import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const SUITE = fileURLToPath(
  new URL('../../../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url),
);
const CLIENT = fileURLToPath(new URL('./conformance-client.ts', import.meta.url));

/** Of 2026-07-28, and not in the suite's own list of what every client must pass. */
const NEW_SCENARIOS = [
  'resource-mismatch',
  'offline-access-scope',
  'offline-access-not-supported',
  'authorization-server-migration',
  'iss-supported',
  'iss-not-advertised',
  'iss-supported-missing',
  'iss-wrong-issuer',
  'iss-unexpected',
  'iss-normalized',
  'metadata-issuer-mismatch',
];
const EXTENSIONS = ['client-credentials-jwt', 'client-credentials-basic'];
const OLD_SCENARIOS = ['2025-03-26-oauth-metadata-backcompat'];

test.each([
  ['all scenarios of 2025-11-25', ['--suite', 'auth', '--spec-version', '2025-11-25'], 14],
  ['all scenarios of 2026-07-28', ['--suite', 'auth', '--spec-version', '2026-07-28'], 14],
  ...NEW_SCENARIOS.map((name): Row => [name, ['--scenario', `auth/${name}`, '--spec-version', '2026-07-28'], 1]),
  ...OLD_SCENARIOS.map((name): Row => [name, ['--scenario', `auth/${name}`, '--spec-version', '2025-03-26'], 1]),
  ...EXTENSIONS.map((name): Row => [name, ['--scenario', `auth/${name}`], 1]),
])('signing in through mcp-connect passes the conformance suite: %s', async (_name, args, scenarios) => {
  const results = await runSuite(args);

  expect(results.flatMap(({ scenario, failed }) => failed.map((reason) => `${scenario}: ${reason}`))).toEqual([]);
  expect(results).toHaveLength(scenarios);
});

type Row = [string, string[], number];

async function runSuite(args: string[]): Promise<{ scenario: string; failed: string[] }[]> {
  const output = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    const command = `${process.execPath} --no-warnings ${CLIENT}`;
    const child = spawn(process.execPath, [SUITE, 'client', '--command', command, ...args, '--output-dir', output], {
      stdio: 'ignore',
    });
    await once(child, 'exit');
    const files = await readdir(output, { recursive: true });
    const checks = files.filter((file) => file.endsWith('checks.json'));
    return await Promise.all(checks.map((file) => readResult(output, file)));
  } finally {
    await rm(output, { recursive: true });
  }
}

/** An answer that only SHOULD be another one is a failure, too. */
async function readResult(output: string, file: string): Promise<{ scenario: string; failed: string[] }> {
  const checks: { id: string; status: string; errorMessage?: string }[] = JSON.parse(
    await readFile(join(output, file), 'utf8'),
  );
  const failed = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
  const isEmpty = !checks.some(({ status }) => status === 'SUCCESS');
  return {
    scenario: dirname(file),
    failed: [
      ...failed.map(({ id, errorMessage }) => `${id}: ${errorMessage}`),
      ...(isEmpty ? ['checked nothing'] : []),
    ],
  };
}
