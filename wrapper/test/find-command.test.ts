import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type FoundCommand, findCommand } from '../src/child/find-command.ts';
import { parseProjectScripts } from '../src/child/project-scripts.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'find-command-'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A project with these files, and the programs `node` and `python3` on PATH. */
function find(files: Record<string, string | object>, given?: string[]): FoundCommand {
  const all = { 'programs/node': '', 'programs/python3': '', ...files };
  for (const [name, content] of Object.entries(all)) {
    const file = join(root, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    if (name.startsWith('programs/')) chmodSync(file, 0o755);
  }
  return findCommand({ directory: root, path: join(root, 'programs'), nodePath: '/opt/node', given });
}

const FOUND: [string, Record<string, string | object>, string[]][] = [
  [
    'own bin',
    { 'package.json': { bin: 'dist/cli.js', main: 'main.js' }, 'dist/cli.js': '', 'main.js': '' },
    ['node', 'dist/cli.js'],
  ],
  [
    'bin called like the package',
    { 'package.json': { name: '@a/b', bin: { x: 'x.js', b: 'b.js' } }, 'x.js': '', 'b.js': '' },
    ['node', 'b.js'],
  ],
  ['bin with a node shebang', { 'package.json': { bin: './cli' }, cli: '#!/usr/bin/env node\n' }, ['node', './cli']],
  ['bin that is a program', { 'package.json': { bin: 'run' }, run: '#!/bin/sh\n' }, ['./run']],
  [
    'main when the bin is not built',
    { 'package.json': { bin: 'dist/cli.js', main: 'main.js' }, 'main.js': '' },
    ['node', 'main.js'],
  ],
  ['main that is a folder', { 'package.json': { main: 'lib' }, 'lib/index.js': '' }, ['node', 'lib/index.js']],
  ['index.js without main', { 'package.json': {}, 'index.js': '' }, ['node', 'index.js']],
  [
    'start script',
    {
      'package.json': { main: 'gone.js', scripts: { start: 'node --enable-source-maps src/server.ts stdio' } },
      'src/server.ts': '',
    },
    ['node', '--enable-source-maps', 'src/server.ts', 'stdio'],
  ],
  [
    'sole dependency with a bin',
    {
      'package.json': { dependencies: { tool: '1', lib: '1' } },
      'node_modules/tool/package.json': { bin: { tool: './dist/index.js' } },
      'node_modules/tool/dist/index.js': '',
      'node_modules/lib/package.json': {},
    },
    ['node', 'node_modules/tool/dist/index.js'],
  ],
  [
    'script of a Python project',
    { 'pyproject.toml': '[project.scripts]\nhello = "hello:main"\n', 'programs/hello': '' },
    ['hello'],
  ],
  [
    'server.py',
    { 'pyproject.toml': '[project]\nname = "x"\n', 'server.py': '', 'main.py': '' },
    ['python3', 'server.py'],
  ],
  ['main.py', { 'requirements.txt': 'mcp', 'main.py': '' }, ['python3', 'main.py']],
];

test.each(FOUND)('command is found from the %s', (_name, files, command) => {
  expect(find(files)).toEqual({ ok: true, command });
});

test.each([
  ['nothing', {}, /neither package.json/],
  ['a broken package.json', { 'package.json': '{' }, /package.json is not a JSON object/],
  [
    'a bin that is not built',
    { 'package.json': { bin: 'dist/cli.js' } },
    /"bin" names dist\/cli.js, which does not exist \(is it built\?\)/,
  ],
  ['a bin outside', { 'package.json': { bin: '../../bin/sh' } }, /outside the package/],
  ['many bins', { 'package.json': { name: 'z', bin: { x: 'x.js', y: 'y.js' } } }, /names 2 programs/],
  [
    'a start script with shell syntax',
    { 'package.json': { scripts: { start: 'node a.js && node b.js' } } },
    /not of the form/,
  ],
  ['a start script of another program', { 'package.json': { scripts: { start: 'tsx server.ts' } } }, /not of the form/],
  [
    'two dependencies with programs',
    {
      'package.json': { dependencies: { a: '1', b: '1' } },
      'node_modules/a/package.json': { bin: 'a.js' },
      'node_modules/b/package.json': { bin: 'b.js' },
    },
    /a, b all have programs/,
  ],
  [
    'a Python script that is not installed',
    { 'pyproject.toml': '[project.scripts]\nhello = "hello:main"\n' },
    /hello, which is not installed/,
  ],
])('project with %s is refused with the cure', (_name, files, problem) => {
  const found = find(files as Record<string, string | object>);

  expect(found).toMatchObject({ ok: false, hint: expect.stringContaining('.mcp-hosting.yml') });
  expect(found.ok ? '' : found.message).toMatch(problem);
});

test.each([
  ['node server.js stdio', ['node', 'server.js', 'stdio']],
  [' node  "my server.js" --name \'a b\' ', ['node', 'my server.js', '--name', 'a b']],
])('given command may be one line: %s', (line, command) => {
  expect(find({}, [line])).toEqual({ ok: true, command });
});

test.each([
  'node a.js | tee log',
  'node a.js > log',
  'node *.js',
  'node a.js # stdio',
  'node $HOME/a.js',
  'node `which a`',
])('given line that needs a shell is refused: %s', (line) => {
  expect(find({}, [line])).toMatchObject({ ok: false, message: expect.stringContaining('needs a shell') });
});

test('given line whose program is missing names the program', () => {
  expect(find({}, ['missing server.js'])).toMatchObject({ message: expect.stringContaining('"missing" is neither') });
});

test('given command must be a program', () => {
  expect(find({}, ['node', 'x.js'])).toEqual({ ok: true, command: ['node', 'x.js'] });
  expect(find({}, ['missing'])).toMatchObject({ ok: false, message: expect.stringContaining('"missing" is neither') });
});

test('node is that of the wrapper when PATH has none', () => {
  const found = findCommand({ directory: root, path: '', nodePath: '/opt/node', given: ['node', 'x.js'] });

  expect(found).toEqual({ ok: true, command: ['/opt/node', 'x.js'] });
});

test('project scripts are read from their own table', () => {
  const toml =
    '[project]\nname = "x"\n[ project.scripts ]\n# a comment\na = "x:a"\n"b-c" = \'x:b\'\n[tool.x]\nd = "x:d"\n';

  expect(parseProjectScripts(toml)).toEqual(['a', 'b-c']);
});

test.each(["node 'server.js", 'node "a b', "node it's", 'node "a\\"'])(
  'given line with an open quote is refused: %s',
  (line) => {
    expect(find({}, [line])).toMatchObject({
      ok: false,
      message: expect.stringContaining('a quote that is not closed'),
    });
  },
);

test('given line with quotes inside others is one of several words', () => {
  expect(find({}, [`node -e "it's" 'say "x"' a\\"b`])).toMatchObject({ ok: true });
});
