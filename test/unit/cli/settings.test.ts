import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readSettings, requireSettings } from '../../../src/cli/settings.ts';

const SANDBOX = {
  githubUrl: 'http://127.0.0.1:4001/api/v3/',
  gitUrl: 'http://127.0.0.1:4001/',
  userToken: 'ghp_sandbox',
  apiUrl: 'http://127.0.0.1:4000',
  apiToken: 'mcph_sandbox',
  databaseUrl: 'postgres://127.0.0.1:4004/x',
  deploymentsRepository: 'acme/mcp-server-deployments',
};

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'settings-'));
  mkdirSync(join(root, 'deep', 'er'), { recursive: true });
});

afterEach(() => rmSync(root, { recursive: true }));

test('settings: the sandbox above the working directory is found, and nothing of the environment is mixed in', () => {
  writeSandbox('.mcp-hosting');

  const settings = readSettings({
    cwd: join(root, 'deep', 'er'),
    env: { GITHUB_TOKEN: 'real', GITHUB_API_URL: 'https://api.github.com' },
  });

  expect(settings).toEqual({
    githubUrl: 'http://127.0.0.1:4001/api/v3',
    gitUrl: 'http://127.0.0.1:4001',
    githubToken: 'ghp_sandbox',
    apiUrl: 'http://127.0.0.1:4000',
    apiToken: 'mcph_sandbox',
    databaseUrl: 'postgres://127.0.0.1:4004/x',
    deploymentsRepository: { owner: 'acme', name: 'mcp-server-deployments' },
  });
});

test('settings: an environment that names an API wins over a sandbox nearby', () => {
  writeSandbox('.mcp-hosting');

  const settings = readSettings({
    cwd: root,
    env: { MCP_HOSTING_API_URL: 'https://hosting.example.com', GITHUB_TOKEN: 'real' },
  });

  expect(settings).toEqual({
    apiUrl: 'https://hosting.example.com',
    githubUrl: 'https://api.github.com',
    githubToken: 'real',
  });
});

test('settings: --data-dir names the sandbox, whatever the environment says', () => {
  writeSandbox('other');

  const settings = readSettings({ cwd: root, dataDir: 'other', env: { MCP_HOSTING_API_URL: 'https://x.example' } });

  expect(settings.apiUrl).toBe('http://127.0.0.1:4000');
  expect(() => readSettings({ cwd: root, dataDir: 'none', env: {} })).toThrow(/sandbox running with this --data-dir/);
});

test('settings: what is missing is named with its cure', () => {
  const settings = readSettings({ cwd: root, env: {} });

  expect(() => requireSettings(settings, ['apiUrl', 'apiToken'])).toThrow(
    expect.objectContaining({
      code: 'settings-missing',
      message: expect.stringContaining('MCP_HOSTING_API_URL, MCP_HOSTING_API_TOKEN are not set'),
      hint: expect.stringContaining('npm start'),
    }),
  );
});

test.each([
  ['{', /no JSON/],
  ['[]', /no JSON object/],
  ['{"apiUrl": "ftp://x"}', /expected an http or https address/],
  ['{"deploymentsRepository": "nonsense"}', /expected owner\/name/],
])('settings: a sandbox file %j is refused', (text, message) => {
  mkdirSync(join(root, '.mcp-hosting'));
  writeFileSync(join(root, '.mcp-hosting', 'sandbox.json'), text);

  expect(() => readSettings({ cwd: root, env: {} })).toThrow(
    expect.objectContaining({ code: 'settings-invalid', message: expect.stringMatching(message) }),
  );
});

function writeSandbox(directory: string): void {
  mkdirSync(join(root, directory));
  writeFileSync(join(root, directory, 'sandbox.json'), JSON.stringify(SANDBOX));
}
