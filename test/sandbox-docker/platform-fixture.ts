import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DockerPlatform, startDockerPlatform } from '../../sandbox/docker/docker-platform.ts';
import { removeNames } from '../../sandbox/docker/remove-names.ts';
import { removeLabelled, sandboxLabels } from '../../sandbox/docker/sandbox-labels.ts';
import type { BuildRequest, BuiltImage } from '../../sandbox/images/build-image.ts';
import { writeFiles } from '../sandbox-actions/image-fixtures.ts';
import { engine } from './engine-under-test.ts';

export interface PlatformBench {
  dir: string;
  platform: DockerPlatform;
  /** Output of all builds. */
  lines: string[];
  /** `ghcr.io/<owner>`, a name of its own: what is built under it goes in the end. */
  owner: string;
  /** Builds a folder with these files as `<owner>/<name>:1`. */
  build(name: string, files: Record<string, string>, request?: Partial<BuildRequest>): Promise<BuiltImage>;
  /** Containers of this platform in the engine, with the fields of "List containers". */
  containers(): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** A registry, builder and runtime of their own on the engine that answers here. */
export async function startPlatformBench(): Promise<PlatformBench> {
  const dir = await mkdtemp(join(tmpdir(), 'docker-platform-'));
  const owner = `ghcr.io/test-${randomUUID().slice(0, 8)}`;
  const lines: string[] = [];
  const platform = await startDockerPlatform({ engine, dataDir: dir, log: () => undefined });
  return {
    dir,
    platform,
    lines,
    owner,
    async build(name, files, request = {}) {
      const context = await writeFiles(join(dir, 'contexts', name), files);
      return platform.builder.build({
        context,
        dockerfile: files.Dockerfile ?? '',
        buildArgs: {},
        images: [{ name: `${owner}/${name}`, tags: ['1'] }],
        onLine: (line) => lines.push(line),
        ...request,
      });
    },
    async containers() {
      const filters = JSON.stringify({
        label: Object.entries(sandboxLabels(dir)).map(([label, value]) => `${label}=${value}`),
      });
      const { body } = await engine.client.request('GET', '/containers/json', { query: { all: '1', filters } });
      return body as Record<string, unknown>[];
    },
    async close() {
      await platform.close();
      await removeLabelled(engine.client, sandboxLabels(dir));
      await removeNames(engine.client, `${owner}/`);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
