import type { ClusterFailure } from './cluster-verdict.ts';
import { type Rollout, serversNamespace } from './rollout.ts';

/** Kubernetes names the key, or only the Secret where that is missing as a whole: then all variables are. */
export function secretMissing(rollout: Rollout, message: string): ClusterFailure {
  const secret = `mcp-${rollout.serverId}-env`;
  const key = /find key ([A-Za-z_][A-Za-z0-9_]*) in Secret/.exec(message)?.[1];
  const names = key ? [key] : message.includes(secret) ? rollout.config.env : [];
  if (names.length === 0) {
    const hint = 'Look at the Secrets of the server in its namespace.';
    return { code: 'secret-missing', message: `The pod cannot start: ${message}.`, hint };
  }
  const namespace = serversNamespace(rollout);
  const literals = names.map((name) => `--from-literal=${name}=…`).join(' ');
  const cure = key
    ? `Add \`${key}\` to Secret \`${secret}\` in namespace \`${namespace}\``
    : `Run \`kubectl --namespace ${namespace} create secret generic ${secret} ${literals}\``;
  const said = names.map((name) => `\`${name}\``).join(', ');
  return {
    code: 'secret-missing',
    message: `${said} ${names.length === 1 ? 'is' : 'are'} not set.`,
    hint: `${cure}; the deployment goes on by itself.`,
  };
}
