import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mergeBase, readCommit } from './commits.ts';
import { readObject, writeBlob } from './objects.ts';
import { remember } from './remember.ts';
import { git, runGit } from './run-git.ts';
import { withIndex } from './write-tree.ts';

/**
 * The tree that merging `head` into `base` gives, by a three-way merge in an index of its own. `git merge-tree
 * --write-tree` would do it in one call, but needs git 2.38, which not every machine has.
 * @returns undefined where the two conflict or have nothing in common
 */
export function mergeTrees(dir: string, tmpDir: string, base: string, head: string): Promise<string | undefined> {
  return remember([dir, 'merge', base, head], () => mergeAnew(dir, tmpDir, base, head));
}

async function mergeAnew(dir: string, tmpDir: string, base: string, head: string): Promise<string | undefined> {
  const ancestor = await mergeBase(dir, base, head);
  if (!ancestor) return undefined;
  if (ancestor === base) return (await readCommit(dir, head))?.tree;
  return withIndex(tmpDir, async (env, scratch) => {
    const read = await runGit(dir, ['read-tree', '-i', '-m', '--aggressive', ancestor, base, head], { env });
    if (read.code !== 0) return undefined;
    for (const [path, stages] of await listUnmerged(dir, env)) {
      const line = await mergeFile(dir, scratch, path, stages);
      if (!line) return undefined;
      const input = `0 ${'0'.repeat(40)}\t${path}\0${line}\0`;
      await git(dir, ['update-index', '-z', '--index-info'], { env, input });
    }
    return (await git(dir, ['write-tree'], { env })).trim();
  });
}

interface Stage {
  mode: string;
  oid: string;
}

/** @returns path → its stages 1 (ancestor), 2 (base) and 3 (head). */
async function listUnmerged(dir: string, env: Record<string, string>): Promise<Map<string, Map<number, Stage>>> {
  const unmerged = new Map<string, Map<number, Stage>>();
  for (const line of (await git(dir, ['ls-files', '-z', '--unmerged'], { env })).split('\0').filter(Boolean)) {
    const path = line.slice(line.indexOf('\t') + 1);
    const [mode = '', oid = '', stage = ''] = line.slice(0, line.indexOf('\t')).split(' ');
    unmerged.set(path, (unmerged.get(path) ?? new Map()).set(Number(stage), { mode, oid }));
  }
  return unmerged;
}

/** @returns the index line of the merged file, or undefined for a conflict. */
async function mergeFile(
  dir: string,
  scratch: string,
  path: string,
  stages: Map<number, Stage>,
): Promise<string | undefined> {
  const [ancestor, ours, theirs] = [stages.get(1), stages.get(2), stages.get(3)];
  if (!ancestor || !ours || !theirs) return undefined;
  const files: string[] = [];
  for (const [name, stage] of Object.entries({ ours, ancestor, theirs })) {
    const object = await readObject(dir, stage.oid);
    if (object?.type !== 'blob') return undefined;
    files.push(join(scratch, name));
    await writeFile(join(scratch, name), object.content);
  }
  const merged = await runGit(dir, ['merge-file', '-p', ...files]);
  return merged.code === 0 ? `${ours.mode} ${await writeBlob(dir, merged.stdout)}\t${path}` : undefined;
}
