import type { DockerfileStage } from './dockerfile.ts';

/**
 * Finds the stage that a name or number means, among those before `before`.
 *
 * @returns its index, or undefined where the name is an image's
 */
export function findStage(stages: readonly DockerfileStage[], name: string, before: number): number | undefined {
  const earlier = stages.slice(0, before);
  const byAlias = earlier.findLastIndex((stage) => stage.alias === name.toLowerCase());
  if (byAlias >= 0) return byAlias;
  return /^\d{1,3}$/.test(name) && Number(name) < before ? Number(name) : undefined;
}

/** @returns whether the COPY of `stage` on `line` is the last instruction that reads from stage `source` */
export function isLastUse(
  stages: readonly DockerfileStage[],
  use: { source: number; stage: number; line: number },
  expandImage: (stage: DockerfileStage) => string,
): boolean {
  return !stages.some((stage, index) => {
    if (findStage(stages, expandImage(stage), index) === use.source && index > use.stage) return true;
    return stage.instructions.some(
      (instruction) =>
        instruction.kind === 'copy' &&
        instruction.line > use.line &&
        instruction.from !== null &&
        findStage(stages, instruction.from, index) === use.source,
    );
  });
}

/** @returns indexes of the stages that the target is made of, in order; others are not built, as in BuildKit */
export function stagesNeeded(
  stages: readonly DockerfileStage[],
  target: number,
  expandImage: (stage: DockerfileStage) => string,
): number[] {
  const needed = new Set<number>();
  const visit = (index: number): void => {
    const stage = stages[index];
    if (!stage || needed.has(index)) return;
    needed.add(index);
    const names = stage.instructions.flatMap((instruction) =>
      instruction.kind === 'copy' && instruction.from !== null ? [instruction.from] : [],
    );
    for (const name of [expandImage(stage), ...names]) {
      const found = findStage(stages, name, index);
      if (found !== undefined) visit(found);
    }
  };
  visit(target);
  return [...needed].sort((a, b) => a - b);
}
