import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, normalize, sep } from 'node:path';
import { parse } from 'shell-quote';
import { isObject, type JsonObject } from '../protocol/json-rpc.ts';
import { parseProjectScripts } from './project-scripts.ts';

export type FoundCommand = { ok: true; command: string[] } | { ok: false; message: string; hint: string };

/** A way to start the server, or why this way is closed; undefined when the project says nothing about it. */
type Candidate = { command: string[] } | { problem: string } | undefined;

const HINT =
  'Give it after --, for example: mcp-wrapper -- node dist/server.js; on the platform, set "command" in .mcp-hosting.yml.';

/**
 * The command of the stdio server: the given one, or what the project in `directory` says about itself. Every file and
 * program it names is looked up, so that a server that was not built is found out before it is deployed.
 */
export function findCommand(options: {
  directory: string;
  path: string;
  /** The node that runs the wrapper, taken for `node` where PATH has none. */
  nodePath: string;
  given: readonly string[] | undefined;
}): FoundCommand {
  const found = options.given ? checkGiven(options.given, options) : discoverCommand(options);
  const [file, ...args] = found.ok ? found.command : [];
  return file === 'node' && !findProgram('node', options) ? { ok: true, command: [options.nodePath, ...args] } : found;
}

function discoverCommand(options: { directory: string; path: string }): FoundCommand {
  const { directory } = options;
  const problems: string[] = [];
  for (const candidate of listCandidates(options)) {
    const found = candidate();
    if (found && 'command' in found) return { ok: true, command: found.command };
    if (found) problems.push(found.problem);
  }
  const state =
    problems.length > 0
      ? problems.join('; ')
      : `neither package.json, pyproject.toml, server.py nor main.py in ${directory} names one`;
  return { ok: false, message: `Cannot find the command of the MCP server: ${state}`, hint: HINT };
}

function listCandidates({ directory, path }: { directory: string; path: string }): (() => Candidate)[] {
  const manifest = readManifest(join(directory, 'package.json'));
  const inNode = (find: (manifest: JsonObject) => Candidate) => (): Candidate =>
    isObject(manifest) ? find(manifest) : undefined;
  return [
    () => (manifest === 'broken' ? { problem: 'package.json is not a JSON object' } : undefined),
    inNode((project) => ownBin(directory, project)),
    inNode((project) => ownMain(directory, project)),
    inNode((project) => startScript(directory, project)),
    inNode((project) => soleDependencyBin(directory, project)),
    () => projectScript(directory, path),
    () => pythonFile(directory, { path, name: 'server.py' }),
    () => pythonFile(directory, { path, name: 'main.py' }),
  ];
}

function checkGiven(given: readonly string[], { directory, path }: { directory: string; path: string }): FoundCommand {
  const [file = ''] = given;
  if (file === 'node' || findProgram(file, { directory, path })) return { ok: true, command: [...given] };
  if (given.length === 1 && /\s/.test(file.trim())) return splitGiven(file, { directory, path });
  return {
    ok: false,
    message: `Cannot run the command of the MCP server: "${file}" is neither on PATH nor an executable file`,
    hint: 'Correct "command" in .mcp-hosting.yml, or install the program in the image.',
  };
}

/** A whole command line in one argument, as other wrappers want it. */
function splitGiven(line: string, options: { directory: string; path: string }): FoundCommand {
  if (hasOpenQuote(line)) {
    return {
      ok: false,
      message: `Cannot run the command of the MCP server: "${line}" has a quote that is not closed`,
      hint: 'Close it, or give the words of the command one by one.',
    };
  }
  const words = /[$`]/.test(line) ? [] : parse(line);
  if (words.length > 1 && words.every((word) => typeof word === 'string')) return checkGiven(words, options);
  return {
    ok: false,
    message: `Cannot run the command of the MCP server: "${line}" needs a shell`,
    hint: "Give its words one by one, or run the shell itself: -- sh -c '…'",
  };
}

function hasOpenQuote(line: string): boolean {
  return /['"]/.test(line.replace(/\\.|'[^']*'|"(?:\\.|[^"\\])*"/g, ''));
}

function ownBin(directory: string, project: JsonObject): Candidate {
  const bins = listBins(project);
  const name = typeof project.name === 'string' ? project.name.replace(/^@[^/]*\//, '') : undefined;
  const file = bins.size === 1 ? [...bins.values()][0] : name && bins.get(name);
  if (file) return startFile(directory, { file, source: 'package.json "bin"' });
  if (bins.size === 0) return undefined;
  return { problem: `package.json "bin" names ${bins.size} programs and none is called like the package` };
}

/** Without "main", Node takes index.js; a package that has neither is no problem yet. */
function ownMain(directory: string, project: JsonObject): Candidate {
  if (typeof project.main === 'string') {
    return startFile(directory, { file: project.main, source: 'package.json "main"' });
  }
  return isFile(join(directory, 'index.js')) ? { command: ['node', 'index.js'] } : undefined;
}

/** Only `node …` without shell syntax: a script that needs a shell would need its quoting and its signals too. */
function startScript(directory: string, project: JsonObject): Candidate {
  const start = isObject(project.scripts) ? project.scripts.start : undefined;
  if (typeof start !== 'string') return undefined;
  const parts = start.trim().split(/\s+/);
  if (parts[0] !== 'node' || parts.length < 2 || /[$`"'|&;<>()*?\\]/.test(start)) {
    return { problem: 'package.json "scripts.start" is not of the form "node file"' };
  }
  const file = parts.slice(1).find((part) => !part.startsWith('-'));
  if (file && !isFile(join(directory, file)) && !isFile(join(directory, `${file}.js`))) {
    return { problem: `package.json "scripts.start" runs ${file}, which does not exist` };
  }
  return { command: parts };
}

function soleDependencyBin(directory: string, project: JsonObject): Candidate {
  const names = isObject(project.dependencies) ? Object.keys(project.dependencies) : [];
  const found: { name: string; manifest: JsonObject }[] = [];
  for (const name of names) {
    const manifest = readManifest(join(directory, 'node_modules', name, 'package.json'));
    if (isObject(manifest) && listBins(manifest).size > 0) found.push({ name, manifest });
  }
  const [sole] = found;
  if (!sole) return undefined;
  if (found.length > 1) {
    return { problem: `the dependencies ${found.map(({ name }) => name).join(', ')} all have programs` };
  }
  const start = ownBin(join(directory, 'node_modules', sole.name), sole.manifest);
  if (!start || 'problem' in start) return start && { problem: `${sole.name}: ${start.problem}` };
  const inside = (part: string): string => `node_modules/${sole.name}/${part.replace(/^\.\//, '')}`;
  return { command: start.command.map((part, i) => (i === start.command.length - 1 ? inside(part) : part)) };
}

function projectScript(directory: string, path: string): Candidate {
  const text = readText(join(directory, 'pyproject.toml'));
  if (text === undefined) return undefined;
  const names = parseProjectScripts(text);
  const [name] = names;
  if (name === undefined) return undefined;
  if (names.length > 1) return { problem: `pyproject.toml [project.scripts] names ${names.length} programs` };
  if (findProgram(name, { directory, path })) return { command: [name] };
  return { problem: `pyproject.toml [project.scripts] names ${name}, which is not installed` };
}

function pythonFile(directory: string, { path, name }: { path: string; name: string }): Candidate {
  if (!isFile(join(directory, name))) return undefined;
  const python = ['python3', 'python'].find((program) => findProgram(program, { directory, path }));
  return python ? { command: [python, name] } : { problem: `${name} is there, but neither python3 nor python` };
}

/** Scripts run by node whatever their mode; anything else must be a program by itself. */
function startFile(directory: string, { file, source }: { file: string; source: string }): Candidate {
  const relative = normalize(file);
  if (isAbsolute(relative) || relative.split(sep)[0] === '..') {
    return { problem: `${source} names ${file}, which lies outside the package` };
  }
  const script = [file, `${file}.js`, join(file, 'index.js')].find((name) => isFile(join(directory, name)));
  if (script === undefined) return { problem: `${source} names ${file}, which does not exist (is it built?)` };
  const isScript = /\.[cm]?[jt]s$/.test(script) || /^#!.*\bnode\b/.test(readFirstLine(join(directory, script)));
  return isScript ? { command: ['node', script] } : { command: [`./${script.replace(/^\.\//, '')}`] };
}

function listBins(manifest: JsonObject): Map<string, string> {
  const { bin, name } = manifest;
  if (typeof bin === 'string') return new Map([[typeof name === 'string' ? name : 'bin', bin]]);
  if (!isObject(bin)) return new Map();
  return new Map(Object.entries(bin).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

function findProgram(file: string, { directory, path }: { directory: string; path: string }): boolean {
  if (file.includes('/')) return isExecutable(isAbsolute(file) ? file : join(directory, file));
  return path.split(delimiter).some((folder) => folder !== '' && isExecutable(join(folder, file)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return isFile(file);
  } catch {
    return false;
  }
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

function readManifest(file: string): JsonObject | 'broken' | undefined {
  const text = readText(file);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : 'broken';
  } catch {
    return 'broken';
  }
}

function readText(file: string): string | undefined {
  return isFile(file) ? readFileSync(file, 'utf8') : undefined;
}

function readFirstLine(file: string): string {
  return readFileSync(file, 'utf8').slice(0, 200).split('\n', 1)[0] ?? '';
}
