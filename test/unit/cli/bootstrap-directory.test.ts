import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runCli } from '../../../src/cli/run-cli.ts';
import { capturedTerminal } from './captured-terminal.ts';
import { testDirectory } from './test-directory.ts';

let directory: ReturnType<typeof testDirectory>;
beforeEach(() => {
  directory = testDirectory();
});
afterEach(() => directory.remove());

test('--output needs neither GitHub nor any setting, and a second run changes nothing', async () => {
  const first = await bootstrap('--domain', 'mcp.example.com');
  const second = await bootstrap();

  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toMatch(/\d+ files written to .*out\n$/);
  expect(read('README.md')).toContain('https://<server-id>.mcp.example.com/mcp');
  expect(second.stdout).toBe('Nothing to change: it is up to date.\n');
});

test('files that other options no longer need go, unless somebody changed them', async () => {
  await bootstrap('--domain', 'mcp.example.com');
  write('gateway/gateway.yaml', `${read('gateway/gateway.yaml')}# ours\n`);

  const result = await bootstrap('--route', 'ingress');

  expect(existsSync(join(directory.path, 'out/gateway/certificate.yaml'))).toBe(false);
  expect(read('gateway/gateway.yaml')).toContain('# ours');
  expect(result.stdout).toContain(
    ' ! gateway/gateway.yaml: kept as it is; you changed it, and this version needs it no more',
  );
  expect(read('platform/kustomization.yaml')).toContain('ROUTE=ingress');
});

test('a file that somebody removed stays away', async () => {
  await bootstrap('--domain', 'mcp.example.com');
  rmSync(join(directory.path, 'out/monitoring/alerts.yaml'));

  const result = await bootstrap('--servers', '10');

  expect(result.stdout).toContain(' ~ base/resource-quota.yaml');
  expect(existsSync(join(directory.path, 'out/monitoring/alerts.yaml'))).toBe(false);
});

test('a run that changes no file but its record says so', async () => {
  await bootstrap('--domain', 'mcp.example.com');
  rmSync(join(directory.path, 'out/base/resource-quota.yaml'));

  const result = await bootstrap('--servers', '10');

  expect(result.stdout).toMatch(/\nOnly \.mcp-hosting\/scaffold\.json written to .*out\n$/);
});

test('a file in another encoding than UTF-8 is told, and keeps its bytes', async () => {
  await bootstrap('--domain', 'mcp.example.com');
  const bytes = Buffer.from(`${read('base/resource-quota.yaml')}# caf\xe9\n`, 'latin1');
  writeFileSync(join(directory.path, 'out/base/resource-quota.yaml'), bytes);

  const result = await bootstrap('--servers', '10');

  expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('resource-quota.yaml: it is not UTF-8') });
  expect(readFileSync(join(directory.path, 'out/base/resource-quota.yaml'))).toEqual(bytes);
});

test('--dry-run writes nothing', async () => {
  const result = await bootstrap('--domain', 'mcp.example.com', '--dry-run', '--json');

  expect(JSON.parse(result.stdout)).toMatchObject({ dryRun: true, conflicts: [], repository: 'acme/deployments' });
  expect(existsSync(join(directory.path, 'out'))).toBe(false);
});

test('a record that somebody broke is refused before anything is written', async () => {
  await bootstrap('--domain', 'mcp.example.com');
  write('.mcp-hosting/scaffold.json', '{"version":"1","options":{},"files":{"../up":"x"}}');

  const result = await bootstrap('--servers', '10');

  expect(result).toMatchObject({ code: 1, stdout: '' });
  expect(result.stderr).toContain('.mcp-hosting/scaffold.json');
});

test.each([
  [['--repository', 'nonsense', '--domain', 'a.example']],
  [['--repository', 'acme/deployments']],
  [['--repository', 'acme/deployments', '--domain', 'a.example', '--output', '']],
  [['--repository', 'acme/deployments', '--domain', 'a.example', '--servers', 'many']],
])('%j is wrong usage', async (args) => {
  expect((await run('bootstrap', '--output', 'out', ...args)).code).toBe(2);
});

test('an --output that is a file is told as such', async () => {
  writeFileSync(join(directory.path, 'out'), 'x');

  const result = await bootstrap('--domain', 'mcp.example.com');

  expect(result.code).toBe(1);
  expect(result.stderr).toContain('expected a folder of plain files');
});

/** A file system that makes no folders, though it is root that asks. */
const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('an --output where no folder can be made is told as such', async () => {
  const args = ['--repository', 'acme/deployments', '--domain', 'mcp.example.com', '--output', '/proc/x5'];

  const result = await run('bootstrap', ...args);

  expect(result.code).toBe(1);
  expect(result.stderr).toContain('Cannot write the scaffold: /proc/x5/');
  expect(result.stderr).toContain('ENOENT, expected a folder of plain files');
});

test('folders above --output are made too', async () => {
  const args = ['--repository', 'acme/deployments', '--domain', 'mcp.example.com', '--output', 'a/b/c'];

  expect((await run('bootstrap', ...args)).code).toBe(0);
  expect(existsSync(join(directory.path, 'a/b/c/base/kustomization.yaml'))).toBe(true);
});

function bootstrap(...args: string[]) {
  return run('bootstrap', '--repository', 'acme/deployments', '--output', 'out', ...args);
}

async function run(...args: string[]) {
  const { terminal, stdout, stderr } = capturedTerminal();
  const signal = new AbortController().signal;
  const code = await runCli(args, { terminal, env: {}, cwd: directory.path, now: () => new Date(), signal });
  return { code, stdout: stdout(), stderr: stderr() };
}

function read(path: string): string {
  return readFileSync(join(directory.path, 'out', path), 'utf8');
}

function write(path: string, text: string): void {
  writeFileSync(join(directory.path, 'out', path), text);
}
