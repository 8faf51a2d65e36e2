import { invalidLine, needsDocker } from './dockerfile-errors.ts';
import { parseFlags } from './dockerfile-flags.ts';
import { type LogicalLine, readLogicalLines } from './dockerfile-lines.ts';

/** An argv in JSON, or one line for `sh -c`. */
export type CommandForm = { form: 'exec'; argv: string[] } | { form: 'shell'; script: string };

/** One instruction, its variables not yet replaced. `line` is 1-based. */
export type Instruction = { line: number } & (
  | { kind: 'arg'; name: string; value: string | null }
  | { kind: 'env'; pairs: [name: string, value: string][] }
  | { kind: 'label'; pairs: [name: string, value: string][] }
  | { kind: 'workdir'; path: string }
  | { kind: 'copy'; sources: string[]; destination: string; from: string | null; mode: string | null }
  | { kind: 'run'; command: CommandForm }
  | { kind: 'cmd'; command: CommandForm }
  | { kind: 'entrypoint'; command: CommandForm }
  | { kind: 'user'; user: string }
  | { kind: 'expose'; ports: string[] }
);

export interface DockerfileStage {
  line: number;
  image: string;
  alias: string | null;
  instructions: Instruction[];
}

export interface Dockerfile {
  /** `ARG`s before the first `FROM`; they are known in `FROM` lines only. */
  globalArgs: Extract<Instruction, { kind: 'arg' }>[];
  stages: DockerfileStage[];
}

/** A Dockerfile is a page of text; what is longer is not one. */
const DOCKERFILE_CHARACTERS_MAX = 256 * 1024;

/**
 * Parses the part of the Dockerfile language that builds without a container engine: FROM, ARG, ENV, WORKDIR, COPY,
 * RUN, CMD, ENTRYPOINT, USER, EXPOSE and LABEL. Reference: docs.docker.com/reference/dockerfile.
 *
 * @throws UserError `dockerfile-invalid`, `dockerfile-needs-docker`; both name the line
 */
export function parseDockerfile(text: string): Dockerfile {
  if (text.length > DOCKERFILE_CHARACTERS_MAX) {
    throw invalidLine(1, `it has ${text.length} characters`, `at most ${DOCKERFILE_CHARACTERS_MAX}`);
  }
  const dockerfile: Dockerfile = { globalArgs: [], stages: [] };
  for (const line of readLogicalLines(text)) addLine(dockerfile, line);
  if (dockerfile.stages.length === 0) throw invalidLine(1, 'it has no FROM', 'at least one stage');
  return dockerfile;
}

function addLine(dockerfile: Dockerfile, line: LogicalLine): void {
  const stage = dockerfile.stages.at(-1);
  if (line.keyword === 'FROM') {
    dockerfile.stages.push(parseFrom(line));
    return;
  }
  const instruction = parseInstruction(line);
  if (stage) stage.instructions.push(instruction);
  else if (instruction.kind === 'arg') dockerfile.globalArgs.push(instruction);
  else throw invalidLine(line.line, `${line.keyword} stands before FROM`, 'FROM or ARG first');
}

function parseFrom({ line, rest }: LogicalLine): DockerfileStage {
  const { words } = parseFlags(line, rest, ['platform']);
  const [image, as, alias, ...more] = words;
  const named = as?.toUpperCase() === 'AS' && alias !== undefined && /^[A-Za-z][\w.-]*$/.test(alias);
  if (image === undefined || more.length > 0 || (as !== undefined && !named)) {
    throw invalidLine(line, `"FROM ${rest}"`, '"FROM <image>" or "FROM <image> AS <name>"');
  }
  return { line, image, alias: named ? (alias?.toLowerCase() ?? null) : null, instructions: [] };
}

function parseInstruction(logical: LogicalLine): Instruction {
  const { keyword, rest, line } = logical;
  switch (keyword) {
    case 'ARG':
      return parseArg(line, rest);
    case 'ENV':
      return { kind: 'env', line, pairs: parsePairs(line, keyword, rest) };
    case 'LABEL':
      return { kind: 'label', line, pairs: parsePairs(line, keyword, rest) };
    case 'WORKDIR':
      return { kind: 'workdir', line, path: required(logical) };
    case 'COPY':
      return parseCopy(line, rest);
    case 'RUN':
      return { kind: 'run', line, command: parseRun(logical) };
    case 'CMD':
      return { kind: 'cmd', line, command: parseCommand(line, required(logical)) };
    case 'ENTRYPOINT':
      return { kind: 'entrypoint', line, command: parseCommand(line, required(logical)) };
    case 'USER':
      return { kind: 'user', line, user: required(logical) };
    case 'EXPOSE':
      return { kind: 'expose', line, ports: required(logical).split(/\s+/) };
    default:
      throw needsDocker(
        line,
        `"${keyword.slice(0, 40)}" is not among its instructions`,
        'FROM, ARG, ENV, WORKDIR, COPY, RUN, CMD, ENTRYPOINT, USER, EXPOSE or LABEL',
      );
  }
}

function parseArg(line: number, rest: string): Extract<Instruction, { kind: 'arg' }> {
  const match = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(rest);
  if (!match?.[1]) throw invalidLine(line, `"ARG ${rest}"`, '"ARG NAME" or "ARG NAME=value"');
  return { kind: 'arg', line, name: match[1], value: match[2] ?? null };
}

function parsePairs(line: number, keyword: string, rest: string): [string, string][] {
  const words = rest.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/gs) ?? [];
  const pairs = words.map((word): [string, string] | null => {
    const equals = word.indexOf('=');
    return equals > 0 ? [unquote(word.slice(0, equals)), word.slice(equals + 1)] : null;
  });
  const complete = pairs.filter((pair) => pair !== null);
  if (complete.length > 0 && complete.length === pairs.length) return complete;
  const old = /^(\S+)\s+(.+)$/s.exec(rest);
  // The old form "ENV NAME value" holds one pair and has no "=" in its name.
  if (old?.[1] && old[2] && !old[1].includes('=')) return [[old[1], old[2]]];
  throw invalidLine(line, `"${keyword} ${rest}"`, `"${keyword} name=value …"`);
}

function parseCopy(line: number, rest: string): Instruction {
  const { flags, words, remainder } = parseFlags(line, rest, ['from', 'chown', 'chmod', 'link']);
  const paths = parseJsonStrings(remainder) ?? words;
  const destination = paths.at(-1);
  if (destination === undefined || paths.length < 2) {
    throw invalidLine(line, `"COPY ${rest}"`, '"COPY <source> … <destination>"');
  }
  if (flags.chmod && !/^0?[0-7]{3}$/.test(flags.chmod)) {
    throw invalidLine(line, `--chmod=${flags.chmod}`, 'three octal digits');
  }
  return {
    kind: 'copy',
    line,
    sources: paths.slice(0, -1),
    destination,
    from: flags.from ?? null,
    mode: flags.chmod ?? null,
  };
}

function parseRun(logical: LogicalLine): CommandForm {
  const { line, rest } = logical;
  const { flags, remainder } = parseFlags(line, rest, ['mount']);
  if (flags.mount && !/(^|,)type=cache(,|$)/.test(flags.mount)) {
    throw needsDocker(line, `RUN --mount=${flags.mount}`, 'no mount other than a cache');
  }
  if (!remainder) throw invalidLine(line, 'RUN stands alone', 'a command');
  return parseCommand(line, remainder);
}

function parseCommand(line: number, rest: string): CommandForm {
  if (/^<<-?["']?\w/.test(rest)) throw needsDocker(line, 'a here-document', 'commands joined with "&&"');
  const argv = parseJsonStrings(rest);
  return argv ? { form: 'exec', argv } : { form: 'shell', script: rest };
}

/** As Docker does: what looks like a JSON array but is none is a shell command. */
function parseJsonStrings(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

function required({ line, keyword, rest }: LogicalLine): string {
  if (rest === '') throw invalidLine(line, `${keyword} stands alone`, 'an argument');
  return rest;
}

function unquote(word: string): string {
  const match = /^(["'])(.*)\1$/s.exec(word);
  return match?.[2] ?? word;
}
