import { createHash } from 'node:crypto';
import type { IsIgnored } from './docker-ignore.ts';
import { treeDigest } from './tree-digest.ts';

/** Raised when the builder's own doing changes, so that older results are not taken for its. */
const BUILDER_VERSION = 1;

export interface BuildInput {
  context: string;
  isIgnored: IsIgnored;
  dockerfile: string;
  buildArgs: Readonly<Record<string, string>>;
  labels?: Readonly<Record<string, string>>;
  target?: string;
  localImages: Readonly<Record<string, string>>;
}

/**
 * Hashes all that a build depends on: Dockerfile, files that are not ignored, arguments, the machine's Node, and the
 * local packages that the Dockerfile may take. As in Docker's cache, what RUN fetches from a network is not part of it.
 *
 * @returns 64 hex digits
 */
export async function buildKey(input: BuildInput): Promise<string> {
  const settings = JSON.stringify({
    builder: BUILDER_VERSION,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    dockerfile: input.dockerfile,
    buildArgs: Object.entries(input.buildArgs).sort(),
    labels: Object.entries(input.labels ?? {}).sort(),
    target: input.target ?? null,
    localImages: await localImageDigests(input.localImages),
  });
  const context = await treeDigest(input.context, settings, input.isIgnored);
  return createHash('sha256').update(context).digest('hex');
}

async function localImageDigests(localImages: Readonly<Record<string, string>>): Promise<[string, string][]> {
  const digests: [string, string][] = [];
  for (const [name, directory] of Object.entries(localImages)) {
    digests.push([name, await treeDigest(directory, '', isNoPackageFile)]);
  }
  return digests.sort();
}

function isNoPackageFile(path: string): boolean {
  return /^(?:node_modules|test)(?:\/|$)/.test(path);
}
