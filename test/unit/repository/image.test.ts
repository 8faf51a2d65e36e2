import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { testDirectory } from '../cli/test-directory.ts';
import { readProjectFile } from '../docs/project-files.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const dockerfile = readProjectFile('Dockerfile');

/** What the image's last stage takes from the build context; the modules are this checkout's. */
const copied = [...dockerfile.slice(dockerfile.lastIndexOf('\nFROM ')).matchAll(/^COPY (?!--from)(.+) (\S+)$/gm)];
const image = testDirectory();

beforeAll(() => {
  for (const [, sources = '', target = ''] of copied) {
    for (const source of sources.split(' ').flatMap((pattern) => globSync(pattern, { cwd: ROOT }))) {
      const path =
        target === './' || target.endsWith('/')
          ? join(image.path, target, source.split('/').at(-1) ?? '')
          : join(image.path, target);
      mkdirSync(dirname(path), { recursive: true });
      cpSync(join(ROOT, source), path, { recursive: true });
    }
  }
  symlinkSync(join(ROOT, 'node_modules'), join(image.path, 'node_modules'));
  symlinkSync(join(image.path, 'src/cli/main.ts'), join(image.path, 'mcp-hosting'));
});
afterAll(() => image.remove());

function run(program: string, ...args: string[]) {
  const env = { PATH: process.env.PATH, HOME: image.path };
  return spawnSync(process.execPath, [join(image.path, program), ...args], { encoding: 'utf8', env, cwd: image.path });
}

test('the files of the image are enough for the bot: it starts as far as its configuration', () => {
  const { status, stderr } = run('src/main.ts');

  expect(stderr).toContain('Cannot start mcp-hosting: the configuration has 6 problem(s).');
  expect(status).toBe(2);
});

test('they are enough for its command, which finds the scaffold in the image', () => {
  const args = ['--repository', 'acme/deployments', '--domain', 'mcp.example.com', '--output', 'out'];

  expect(run('mcp-hosting', 'bootstrap', ...args)).toMatchObject({ status: 0, stderr: '' });
  expect(run('mcp-hosting', 'doctor', '--help')).toMatchObject({ status: 0, stderr: '' });
});

test('whatever is copied is let through by .dockerignore', () => {
  const allowed = readProjectFile('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, each = '']) => each.split(' '));

  expect(sources.length).toBeGreaterThan(6);
  expect(sources.filter((source) => !allowed.includes(source))).toEqual([]);
});

test('the image runs as somebody without rights, as its Deployment says', () => {
  expect(dockerfile).toMatch(/^USER 10001:10001$/m);
  expect(readProjectFile('kustomize/platform/deployment.yaml')).toContain('runAsUser: 10001');
});

test('a packed package holds the scaffold', () => {
  const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const packed = new Set(files.map(({ path }) => path));

  const scaffold = globSync('kustomize/**', { cwd: ROOT, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length));
  expect(scaffold.length).toBeGreaterThan(30);
  expect(scaffold.filter((path) => !packed.has(path))).toEqual([]);
});
