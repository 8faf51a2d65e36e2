import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { TestCluster } from './test-cluster.ts';

/**
 * A kubeconfig of a service account, which may do no more than its roles grant.
 * @param account `namespace/name`
 * @returns the path of the file, in the cluster's directory
 */
export async function serviceAccountKubeconfig(cluster: TestCluster, account: string): Promise<string> {
  const [namespace, name] = account.split('/');
  const config = parse(readFileSync(cluster.sandbox.kubeconfigPath, 'utf8'));
  const answer = await fetch(`${cluster.sandbox.url}/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${config.users[0].user.token}`, 'content-type': 'application/json' },
    body: '{}',
  });
  if (answer.status !== 201) throw new Error(`No token of ${account}: ${answer.status} ${await answer.text()}`);
  const { status } = (await answer.json()) as { status: { token: string } };
  config.users[0].user = { token: status.token };
  const path = join(cluster.dir, `${namespace}-${name}.kubeconfig`);
  writeFileSync(path, stringify(config), { mode: 0o600 });
  return path;
}
