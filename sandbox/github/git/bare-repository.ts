import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from './run-git.ts';

const CONFIG = {
  'http.receivepack': 'true',
  'uploadpack.allowAnySHA1InWant': 'true',
  'uploadpack.allowFilter': 'true',
  'receive.hideRefs': 'refs/pull',
  // Objects of closed pull requests and old heads stay readable by sha, as they do on GitHub.
  'gc.auto': '0',
  'receive.autogc': 'false',
} as const;

export function bareRepositoryDir(dataDir: string, repositoryId: number): string {
  return join(dataDir, 'git', `${repositoryId}.git`);
}

export async function initBareRepository(dir: string, defaultBranch: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await git(dir, ['init', '--quiet', '--bare', dir]);
  for (const [key, value] of Object.entries(CONFIG)) await git(dir, ['config', key, value]);
  await setDefaultBranch(dir, defaultBranch);
}

export async function setDefaultBranch(dir: string, branch: string): Promise<void> {
  await git(dir, ['symbolic-ref', 'HEAD', `refs/heads/${branch}`]);
}

/** Copies the branches (not the pull requests' refs) of one bare repository into another. */
export async function copyBranches(source: string, target: string): Promise<void> {
  await git(target, ['fetch', '--quiet', source, '+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']);
}

export async function fetchRef(target: string, source: string, from: string, to: string): Promise<void> {
  await git(target, ['fetch', '--quiet', '--no-tags', source, `+${from}:${to}`]);
}

export async function removeBareRepository(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true });
}
