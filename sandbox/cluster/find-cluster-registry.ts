import { request } from 'undici';
import { parse } from 'yaml';
import { UserError } from '../../src/domain/user-error.ts';
import { absentAsUndefined, type Cluster } from './connect-cluster.ts';

/** Where a cluster with a registry of its own says so: KEP-1755, as kind and others write it. */
const HOSTING = { namespace: 'kube-public', name: 'local-registry-hosting' };
const HOSTING_KEY = 'localRegistryHosting.v1';

const ADDRESS = /^[a-z0-9.-]+(?::\d{1,5})?$/;
const ANSWER_MS_MAX = 5_000;

/**
 * The registry that this machine pushes to and the cluster's nodes pull from, under one name.
 * @param asked `--registry`; absent: the one that the cluster announces
 * @throws UserError `cluster-registry`
 */
export async function findClusterRegistry(cluster: Cluster, asked: string | undefined): Promise<string> {
  const address = asked ?? (await announced(cluster));
  if (address === undefined) {
    throw registryError('none is named, and the cluster announces none', 'Name it with --registry HOST:PORT.');
  }
  if (!ADDRESS.test(address)) throw registryError(`"${address}" is no host and port`, 'Write --registry HOST:PORT.');
  const status = await ask(address);
  if (status === 200) return address;
  const said = status === undefined ? 'does not answer' : `answers ${status}`;
  const cure =
    status === 401
      ? 'Take a registry that asks for no login.'
      : `Start it: docker run --detach --restart always --publish 127.0.0.1:${address.split(':')[1] ?? '5001'}:5000 --name kind-registry registry:3; docs/sandbox.md says how the nodes learn of it.`;
  throw registryError(`"${address}" ${said}`, cure);
}

function registryError(said: string, hint: string): UserError {
  return new UserError(
    'cluster-registry',
    `Cannot push images for the cluster: ${said}, expected a registry that this machine and the nodes reach`,
    hint,
  );
}

async function announced({ core }: Cluster): Promise<string | undefined> {
  const found = await absentAsUndefined(core.readNamespacedConfigMap(HOSTING));
  const said: unknown = parse(found?.data?.[HOSTING_KEY] ?? '');
  const host = typeof said === 'object' && said !== null && 'host' in said ? said.host : undefined;
  return typeof host === 'string' ? host : undefined;
}

/** @returns the status of `GET /v2/` ("Determining Support" of the OCI distribution specification) */
async function ask(address: string): Promise<number | undefined> {
  for (const scheme of ['http', 'https']) {
    try {
      const { statusCode, body } = await request(`${scheme}://${address}/v2/`, {
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      await body.dump();
      return statusCode;
    } catch {
      // Not in this scheme.
    }
  }
  return undefined;
}
