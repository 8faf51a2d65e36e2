import { type ClusterOffer, clusterOffer } from '../domain/cluster-offer.ts';
import type { OverlayPolicy } from '../domain/deployments-policy.ts';
import type { DeploymentsSnapshot } from '../domain/deployments-snapshot.ts';
import { detectRuntime } from '../domain/detect-runtime.ts';
import { parseDeploymentsPolicy } from '../domain/parse-deployments-policy.ts';
import { parseServerConfig } from '../domain/parse-server-config.ts';
import { fullName } from '../domain/repository.ts';
import type { Rollout, RolloutFailure } from '../domain/rollout.ts';
import type { ServerConfig, ServerRuntime } from '../domain/server-config.ts';
import type { SourceSnapshot } from '../ports/github.ts';
import type { PlatformSettings } from './platform.ts';
import { ownDomainOf } from './server-names.ts';

type OfferSettings = Pick<PlatformSettings, 'route' | 'endpointUrlTemplate'> & {
  /** Custom domains of others. */
  takenDomains?: readonly string[];
};

export interface BuildPlan {
  config: ServerConfig;
  runtime: ServerRuntime | null;
  configProblems: Rollout['configProblems'];
  mergePolicy: Rollout['mergePolicy'];
  failure?: RolloutFailure;
}

/** What the files of both repositories say, and what is wrong in them. */
export function planBuild(
  source: SourceSnapshot,
  deployments: DeploymentsSnapshot,
  settings: OfferSettings,
): BuildPlan {
  const policy = parseDeploymentsPolicy(deployments.policyText);
  const parsed = parseServerConfig(source.configText, policy.ok ? offerOf(settings, policy.policy) : undefined);
  const mergePolicy = policy.ok ? policy.policy.merge : 'review';
  if (!parsed.ok) {
    const first = parsed.problems[0];
    return {
      config: defaultConfig(),
      runtime: null,
      configProblems: parsed.problems,
      mergePolicy,
      failure: {
        code: 'config-invalid',
        message: `\`.mcp-hosting.yml\` line ${first?.line ?? 1}: ${first?.message ?? 'it cannot be read'}`,
        hint: 'Mend the lines that the check run marks, and push: hosting goes on by itself.',
      },
    };
  }
  const base = { config: parsed.config, configProblems: [], mergePolicy };
  if (source.unreadable) return { ...base, runtime: null, failure: source.unreadable };
  if (!policy.ok) return { ...base, runtime: null, failure: policyFailure(deployments, policy.problems[0]?.message) };
  const detected = detectRuntime({
    config: parsed.config,
    packageJsonText: source.packageJsonText,
    pyprojectText: source.pyprojectText,
    requirementsPresent: source.requirementsPresent,
    dockerfilePresent: source.dockerfilePresent,
  });
  return detected.ok
    ? { ...base, runtime: detected.runtime }
    : { ...base, runtime: null, failure: { ...detected.problem } };
}

function offerOf(
  { route, endpointUrlTemplate, takenDomains = [] }: OfferSettings,
  policy: OverlayPolicy,
): ClusterOffer {
  return clusterOffer({ route, policy, ownDomain: ownDomainOf({ endpointUrlTemplate }), takenDomains });
}

/** What holds for a server whose configuration cannot be read: it is not built. */
function defaultConfig(): ServerConfig {
  const parsed = parseServerConfig(null);
  if (!parsed.ok) throw new Error('Cannot read the default server config: an absent file must be valid');
  return parsed.config;
}

function policyFailure(deployments: DeploymentsSnapshot, problem: string | undefined): RolloutFailure {
  return {
    code: 'policy-invalid',
    message: `\`mcp-hosting.yml\` in ${fullName(deployments.repository)} cannot be read: ${problem ?? 'not valid'}`,
    hint: 'Ask someone who looks after that repository to mend it, then give the command again.',
  };
}
