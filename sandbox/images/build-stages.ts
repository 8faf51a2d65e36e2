import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessRegistry } from '../kubernetes/kubelet/process-registry.ts';
import { type BaseImage, type BaseImages, takeBaseImage } from './base-image.ts';
import { buildCancelled } from './build-cancelled.ts';
import type { CopySource } from './copy-sources.ts';
import { copyTree } from './copy-tree.ts';
import type { Dockerfile, DockerfileStage, Instruction } from './dockerfile.ts';
import { invalidLine } from './dockerfile-errors.ts';
import { replaceVariables } from './dockerfile-variables.ts';
import type { ImageConfig } from './image-store.ts';
import { writeProgramShims } from './program-shims.ts';
import { StageBuilder } from './stage-builder.ts';
import { findStage, isLastUse, stagesNeeded } from './stages-needed.ts';

export interface StagesRequest {
  /** Empty directory of this build. */
  directory: string;
  dockerfile: Dockerfile;
  context: CopySource;
  buildArgs: Readonly<Record<string, string>>;
  /** Name of a stage; absent: the last one. */
  target: string | undefined;
  bases: BaseImages;
  processes: ProcessRegistry;
  onLine: (line: string) => void;
  signal: AbortSignal;
}

export interface BuiltStage {
  rootfs: string;
  base: BaseImage;
  config: ImageConfig;
}

/** Builds the stages that the target is made of, and gives the target. */
export async function buildStages(request: StagesRequest): Promise<BuiltStage> {
  const { directory, dockerfile, bases } = request;
  const shims = join(directory, 'shims');
  const tmp = join(directory, 'tmp');
  await writeProgramShims(shims);
  await mkdir(join(directory, 'home'), { recursive: true });
  await mkdir(tmp, { recursive: true });
  const globalArgs = readGlobalArgs(dockerfile, request.buildArgs);
  const building: Building = {
    request,
    globalArgs,
    environment: { ...bases.environment, TMPDIR: tmp },
    shims,
    expandImage: (stage) => replaceVariables(stage.image, globalArgs),
    built: new Map(),
  };
  const target = findTarget(dockerfile, request.target);
  for (const index of stagesNeeded(dockerfile.stages, target, building.expandImage)) {
    building.built.set(index, await buildStage(building, index));
  }
  const result = building.built.get(target);
  if (!result) throw new Error(`Stage ${target} was not built`);
  return result;
}

interface Building {
  request: StagesRequest;
  globalArgs: Record<string, string>;
  environment: Record<string, string>;
  shims: string;
  expandImage: (stage: DockerfileStage) => string;
  built: Map<number, BuiltStage>;
}

async function buildStage(building: Building, index: number): Promise<BuiltStage> {
  const { request, globalArgs, environment, shims } = building;
  const { stages } = request.dockerfile;
  const stage = stages[index] as DockerfileStage;
  const rootfs = join(request.directory, `stage-${index}`, 'rootfs');
  await mkdir(rootfs, { recursive: true });
  request.onLine(`[${index + 1}/${stages.length}] FROM ${building.expandImage(stage)}`);
  const base = await beginStage(building, index, rootfs);
  const builder = new StageBuilder({
    rootfs,
    base,
    buildArgs: request.buildArgs,
    globalArgs,
    context: request.context,
    copyFrom: (name, line) => findCopySource(building, { name, index, line }),
    environment,
    shims,
    processes: request.processes,
    onLine: request.onLine,
    signal: request.signal,
  });
  for (const instruction of stage.instructions) {
    if (request.signal.aborted) throw buildCancelled();
    request.onLine(`[${index + 1}/${stages.length}] ${describe(instruction)}`);
    await builder.apply(instruction);
  }
  return { rootfs, base, config: builder.config };
}

/** Fills the stage's directory with an earlier stage or a base image. */
async function beginStage(building: Building, index: number, rootfs: string): Promise<BaseImage> {
  const { request, built, expandImage } = building;
  const { stages } = request.dockerfile;
  const stage = stages[index] as DockerfileStage;
  const parent = built.get(findStage(stages, expandImage(stage), index) ?? -1);
  if (parent) {
    await copyTree(parent.rootfs, rootfs, { rootfs });
    return { ...parent.base, config: parent.config };
  }
  const base = await takeBaseImage(expandImage(stage), stage.line, rootfs, request.bases);
  request.onLine(base.note);
  return base;
}

async function findCopySource(
  building: Building,
  { name, index, line }: { name: string; index: number; line: number },
): Promise<CopySource> {
  const { request, built, expandImage } = building;
  const { stages } = request.dockerfile;
  const source = findStage(stages, name, index);
  const earlier = source === undefined ? undefined : built.get(source);
  if (earlier && source !== undefined) {
    return { root: earlier.rootfs, isLastUse: isLastUse(stages, { source, stage: index, line }, expandImage) };
  }
  const root = join(request.directory, `stage-${index}`, `from-line-${line}`);
  await mkdir(root, { recursive: true });
  await takeBaseImage(name, line, root, request.bases);
  return { root };
}

function readGlobalArgs(dockerfile: Dockerfile, buildArgs: Readonly<Record<string, string>>): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { name, value } of dockerfile.globalArgs) {
    const given = Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
    values[name] = given ?? replaceVariables(value ?? '', values);
  }
  return values;
}

function findTarget({ stages }: Dockerfile, name: string | undefined): number {
  if (name === undefined) return stages.length - 1;
  const found = findStage(stages, name, stages.length);
  if (found === undefined) throw invalidLine(1, `no stage "${name}"`, 'the name of a stage as target');
  return found;
}

function describe(instruction: Instruction): string {
  switch (instruction.kind) {
    case 'run':
      return `RUN ${instruction.command.form === 'shell' ? instruction.command.script : instruction.command.argv.join(' ')}`;
    case 'copy':
      return `COPY ${instruction.sources.join(' ')} ${instruction.destination}`;
    case 'workdir':
      return `WORKDIR ${instruction.path}`;
    case 'user':
      return `USER ${instruction.user} (no effect without a container engine)`;
    default:
      return instruction.kind.toUpperCase();
  }
}
