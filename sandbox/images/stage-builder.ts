import { mkdir } from 'node:fs/promises';
import { basename, delimiter, dirname, join, posix } from 'node:path';
import { UserError } from '../../src/domain/user-error.ts';
import type { ProcessRegistry } from '../kubernetes/kubelet/process-registry.ts';
import type { BaseImage } from './base-image.ts';
import { buildCancelled } from './build-cancelled.ts';
import { containSymlinks } from './contain-symlinks.ts';
import { type CopySource, findCopySources, isDirectory } from './copy-sources.ts';
import { copyTree, ensureDirectory } from './copy-tree.ts';
import type { CommandForm, Instruction } from './dockerfile.ts';
import { invalidLine } from './dockerfile-errors.ts';
import { replaceVariables } from './dockerfile-variables.ts';
import { mapImageValue } from './image-path.ts';
import type { ImageConfig } from './image-store.ts';
import { mapRunArgument, mapRunScript } from './map-run-script.ts';
import { type ProcessOutcome, runProcess } from './run-process.ts';

export interface StageOptions {
  rootfs: string;
  base: BaseImage;
  buildArgs: Readonly<Record<string, string>>;
  globalArgs: Readonly<Record<string, string>>;
  context: CopySource;
  /** Finds the tree that `COPY --from=<name>` means. */
  copyFrom(name: string, line: number): Promise<CopySource>;
  /** Environment of RUN before the image's own. */
  environment: Readonly<Record<string, string>>;
  shims: string;
  processes: ProcessRegistry;
  onLine: (line: string) => void;
  signal: AbortSignal;
}

/** A RUN that takes longer is stuck: it waits for input or for a network that does not answer. */
const RUN_TIMEOUT_MS = 10 * 60_000;

/** Carries out the instructions of one stage in its directory. */
export class StageBuilder {
  readonly #options: StageOptions;
  #config: ImageConfig;
  #args: Record<string, string> = {};
  /** Docker drops an inherited CMD where the stage sets ENTRYPOINT. */
  #ownCmd = false;

  constructor(options: StageOptions) {
    this.#options = options;
    this.#config = options.base.config;
  }

  get config(): ImageConfig {
    return this.#config;
  }

  /** @throws UserError `build-step-failed`, `build-cancelled`, `dockerfile-invalid`, `copy-…` */
  async apply(instruction: Instruction): Promise<void> {
    switch (instruction.kind) {
      case 'arg':
        return this.#arg(instruction);
      case 'env':
        this.#config = { ...this.#config, env: { ...this.#config.env, ...this.#pairs(instruction.pairs) } };
        return;
      case 'label':
        this.#config = { ...this.#config, labels: { ...this.#config.labels, ...this.#pairs(instruction.pairs) } };
        return;
      case 'workdir':
        return this.#workdir(this.#expand(instruction.path));
      case 'copy':
        return this.#copy(instruction);
      case 'run':
        return this.#run(instruction.command, instruction.line);
      case 'cmd':
        this.#ownCmd = true;
        this.#config = { ...this.#config, cmd: argvOf(instruction.command) };
        return;
      case 'entrypoint':
        this.#config = {
          ...this.#config,
          entrypoint: argvOf(instruction.command),
          cmd: this.#ownCmd ? this.#config.cmd : [],
        };
        return;
      case 'user':
      case 'expose':
        // Users and ports belong to containers: a process started from a directory has the machine's.
        return;
    }
  }

  #variables(): Record<string, string> {
    return { ...this.#args, ...this.#config.env };
  }

  #expand(text: string): string {
    return replaceVariables(text, this.#variables());
  }

  #pairs(pairs: [string, string][]): Record<string, string> {
    return Object.fromEntries(pairs.map(([name, value]) => [name, this.#expand(value)]));
  }

  #arg({ name, value }: Extract<Instruction, { kind: 'arg' }>): void {
    const { buildArgs, globalArgs } = this.#options;
    const given = Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
    const inherited = Object.hasOwn(globalArgs, name) ? globalArgs[name] : undefined;
    const chosen = given ?? (value === null ? inherited : this.#expand(value));
    if (chosen !== undefined) this.#args[name] = chosen;
  }

  async #workdir(path: string): Promise<void> {
    const workingDir = posix.resolve(this.#config.workingDir, path);
    await ensureDirectory(join(this.#options.rootfs, workingDir), this.#options.rootfs);
    this.#config = { ...this.#config, workingDir };
  }

  async #copy(instruction: Extract<Instruction, { kind: 'copy' }>): Promise<void> {
    const { rootfs, base } = this.#options;
    const { line } = instruction;
    const source = instruction.from
      ? await this.#options.copyFrom(this.#expand(instruction.from), line)
      : this.#options.context;
    const patterns = instruction.sources.map((text) => this.#expand(text));
    const paths = (await Promise.all(patterns.map((pattern) => findCopySources(source, pattern, line)))).flat();
    if (paths.length === 0)
      throw invalidLine(line, `COPY source "${patterns.join(' ')}" is not there`, 'one file at least');
    const destination = this.#expand(instruction.destination);
    const target = join(rootfs, posix.resolve(this.#config.workingDir, destination));
    const intoDirectory =
      paths.length > 1 || destination.endsWith('/') || destination === '.' || (await isDirectory(target));
    for (const path of paths) {
      const from = join(source.root, path);
      const to = intoDirectory && !(await isDirectory(from)) ? join(target, basename(path)) : target;
      const options = {
        rootfs,
        // Of several sources one may hold the other.
        move: source.isLastUse === true && paths.length === 1,
        ...(instruction.mode === null ? {} : { mode: Number.parseInt(instruction.mode, 8) }),
        ...(source.isIgnored ? { isIgnored: source.isIgnored } : {}),
      };
      await copyTree(from, to, options, path === '.' ? '' : path);
    }
    await containSymlinks(rootfs, base.hostLinks);
  }

  async #run(command: CommandForm, line: number): Promise<void> {
    const { rootfs, base, onLine, signal } = this.#options;
    const cwd = join(rootfs, this.#config.workingDir);
    await mkdir(cwd, { recursive: true });
    const argv =
      command.form === 'shell'
        ? ['sh', '-c', mapRunScript(rootfs, command.script)]
        : command.argv.map((argument) => mapRunArgument(rootfs, argument));
    const [program = 'sh', ...args] = argv;
    const outcome = await runProcess({
      command: program,
      args,
      cwd,
      env: this.#runEnvironment(),
      timeoutMs: RUN_TIMEOUT_MS,
      processes: this.#options.processes,
      signal,
      onLine,
    });
    assertSucceeded(outcome, line);
    await containSymlinks(rootfs, base.hostLinks);
  }

  #runEnvironment(): Record<string, string> {
    const { rootfs, environment, shims } = this.#options;
    const own = Object.entries(this.#variables()).map(
      ([name, value]) => [name, mapImageValue(rootfs, value, 'map')] as const,
    );
    const { PATH: imagePath = '', ...image } = Object.fromEntries(own);
    const imageParts = imagePath.split(delimiter).filter((part) => part.startsWith(`${rootfs}/`));
    return {
      ...environment,
      npm_config_prefix: join(rootfs, 'usr/local'),
      PIP_USER: '1',
      PIP_BREAK_SYSTEM_PACKAGES: '1',
      ...image,
      PATH: [shims, ...imageParts, dirname(process.execPath), environment.PATH].join(delimiter),
    };
  }
}

function argvOf(command: CommandForm): string[] {
  return command.form === 'exec' ? command.argv : ['/bin/sh', '-c', command.script];
}

function assertSucceeded(outcome: ProcessOutcome, line: number): void {
  if (outcome.kind === 'exited' && outcome.code === 0) return;
  if (outcome.kind === 'cancelled') throw buildCancelled();
  const said = {
    exited: () => (outcome.kind === 'exited' ? `it exited with code ${outcome.code}` : ''),
    killed: () => (outcome.kind === 'killed' ? `it was ended by ${outcome.signal}` : ''),
    'timed-out': () => `it ran longer than ${RUN_TIMEOUT_MS / 60_000} minutes`,
    unstartable: () => (outcome.kind === 'unstartable' ? `it did not start (${outcome.reason})` : ''),
  }[outcome.kind]();
  throw new UserError(
    'build-step-failed',
    `Cannot run the command of Dockerfile line ${line}: ${said}, expected exit code 0`,
    'Read the last lines of the build log, mend the cause and push again.',
  );
}
