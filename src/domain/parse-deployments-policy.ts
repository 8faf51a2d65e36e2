import { Ajv } from 'ajv';
import schema from '../../docs/deployments-policy.schema.json' with { type: 'json' };
import { parseCidr } from './cidr.ts';
import type { DeploymentsPolicy } from './deployments-policy.ts';
import { readYamlMapping } from './read-yaml-mapping.ts';
import { isFullRegistryAddress } from './registry-address.ts';
import { schemaProblems } from './schema-problems.ts';
import type { ConfigProblem } from './server-config.ts';

export type ParsedDeploymentsPolicy =
  | { ok: true; policy: DeploymentsPolicy }
  | { ok: false; problems: ConfigProblem[] };

const DEPLOYMENTS_POLICY_FILE = 'mcp-hosting.yml';

/**
 * Parses the deployments repository's `mcp-hosting.yml` by the published schema (`docs/deployments-policy.schema.json`).
 *
 * @param text null where there is no such file: people merge
 */
export function parseDeploymentsPolicy(text: string | null): ParsedDeploymentsPolicy {
  if (text === null) return { ok: true, policy: { merge: 'review' } };
  const mapping = readYamlMapping(text, DEPLOYMENTS_POLICY_FILE);
  if (!mapping.value) return { ok: false, problems: mapping.problems };
  validateShape(mapping.value);
  const problems = [...mapping.problems, ...schemaProblems(validateShape.errors ?? [], mapping)];
  if (problems.length > 0) return { ok: false, problems: problems.toSorted((a, b) => a.line - b.line) };
  return { ok: true, policy: { merge: 'review', ...(mapping.value as Partial<DeploymentsPolicy>) } };
}

/** Nobody's cluster has more public addresses, and `0.0.0.0/0` would let no server out to anything. */
const CLUSTER_PREFIX_MIN = 8;

const ajv = new Ajv({ allErrors: true, verbose: true });
ajv.addFormat('registry', isFullRegistryAddress);
ajv.addFormat('cluster-range', (text: string) => (parseCidr(text)?.prefix ?? 0) >= CLUSTER_PREFIX_MIN);
const validateShape = ajv.compile(schema);
