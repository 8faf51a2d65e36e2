import type { ClusterFailure } from './cluster-verdict.ts';
import { missingSecretsWords } from './missing-secrets.ts';
import type { Rollout } from './rollout.ts';

/** Kubernetes names the key, or only the Secret where that is missing as a whole: then all variables are. */
export function secretMissing(rollout: Rollout, message: string): ClusterFailure {
  const secret = `mcp-${rollout.serverId}-env`;
  const key = /find key ([A-Za-z_][A-Za-z0-9_]*) in Secret/.exec(message)?.[1];
  const names = key ? [key] : message.includes(secret) ? rollout.config.env : [];
  if (names.length === 0) {
    const hint = 'Look at the Secrets of the server in its namespace.';
    return { code: 'secret-missing', message: `The pod cannot start: ${message}.`, hint };
  }
  return { code: 'secret-missing', ...missingSecretsWords(rollout, names) };
}
