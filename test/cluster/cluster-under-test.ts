import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { ApiException, AppsV1Api, CoreV1Api, CustomObjectsApi, KubeConfig } from '@kubernetes/client-node';
import { findEngine } from '../../sandbox/docker/find-engine.ts';
import { ensureNodeImage } from '../sandbox-docker/base-images.ts';

const kubeconfig = process.env.KUBECONFIG?.split(delimiter)[0];
const engine = await findEngine(process.env);
const reason = reasonToSkip();

/** What every build of `templates/node.Dockerfile` begins with. */
const NODE_IMAGE = 'node:24-bookworm-slim';

/** Arguments of `npm start` that lead to the cluster. */
export function clusterArguments({ CLUSTER_REGISTRY, CLUSTER_ADVERTISE } = process.env): string[] {
  return [
    ...['--kubeconfig', kubeconfig ?? ''],
    ...(CLUSTER_REGISTRY ? ['--registry', CLUSTER_REGISTRY] : []),
    ...(CLUSTER_ADVERTISE ? ['--advertise', CLUSTER_ADVERTISE] : []),
  ];
}

/** The cluster by its own API, to see what really became of a command. */
export function createClusterEyes() {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig ?? '');
  return {
    apps: config.makeApiClient(AppsV1Api),
    core: config.makeApiClient(CoreV1Api),
    custom: config.makeApiClient(CustomObjectsApi),
  };
}

/** @returns undefined where the cluster has no such object */
export async function find<Result>(call: Promise<Result>): Promise<Result | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return undefined;
    throw error;
  }
}

/** Tests that need a real cluster. Where KUBECONFIG names none they are skipped, and one line says why. */
export function describeWithCluster(name: string, tests: () => void): void {
  if (reason !== undefined) {
    // Jest names skipped tests only when it is asked to.
    process.stderr.write(`${name}: not run, ${reason}\n`);
    describe.skip(`${name} (not run: ${reason})`, tests);
    return;
  }
  describe(name, () => {
    let remove: () => Promise<void>;
    beforeAll(async () => {
      if (!('missing' in engine)) remove = await ensureNodeImage(engine.client, NODE_IMAGE);
    });
    afterAll(() => remove?.());
    tests();
  });
}

function reasonToSkip(): string | undefined {
  if (!kubeconfig) return 'KUBECONFIG names no cluster';
  if (!existsSync(kubeconfig)) return `KUBECONFIG is "${kubeconfig}", which is not there`;
  return 'missing' in engine ? engine.missing : undefined;
}
