import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { DeploymentsSnapshot } from '../../../src/domain/deployments-snapshot.ts';
import type { Rollout } from '../../../src/domain/rollout.ts';
import type { ProposalRequest, SourceSnapshot } from '../../../src/ports/github.ts';
import { propose } from '../../../src/workflows/effects/propose.ts';
import { planBuild } from '../../../src/workflows/plan-build.ts';
import type { Platform, PlatformSettings } from '../../../src/workflows/platform.ts';
import { rolloutFixture } from '../rollout/rollout-fixture.ts';

const settings = {
  serversNamespace: 'mcp-servers',
  endpointUrlTemplate: 'https://{server-id}.mcp.example.com/mcp',
  route: { kind: 'gateway', gatewayName: 'mcp', gatewayNamespace: 'gateway' },
  githubWebUrl: 'https://github.com',
} as PlatformSettings;

function deploymentsWith(policyText: string | null, overlay: Record<string, string> = {}): DeploymentsSnapshot {
  const repository = { owner: 'acme', name: 'mcp-server-deployments' };
  const at = { installationId: 1, repository, repositoryNodeId: 'R_2', defaultBranch: 'main', headSha: 'c'.repeat(40) };
  return { ...at, policyText, overlay, branch: null, pullRequest: null };
}

function sourceWith(configText: string): SourceSnapshot {
  return { configText, packageJsonText: '{"name":"hello"}' } as SourceSnapshot;
}

/** What would be committed for a rollout, over what stands there. */
async function proposed(rollout: Rollout, snapshot: DeploymentsSnapshot): Promise<ProposalRequest> {
  const requests: ProposalRequest[] = [];
  const platform = {
    settings,
    snapshots: { readDeployments: async () => snapshot },
    probeKeyOf: () => 'mcp_probe',
    accessKeyFiles: { ensureProbeKey: async () => false },
    hostedServers: { findByServerId: async () => ({ source: { deployed: rollout.overlay } }) },
    proposals: {
      propose: async (request: ProposalRequest) => {
        requests.push(request);
        return { kind: 'unchanged', headSha: snapshot.headSha };
      },
    },
  } as unknown as Platform;
  const fact = await propose(platform, rollout, true);
  const [request] = requests;
  if (!request) throw new Error(`Nothing was proposed: ${JSON.stringify(fact)}`);
  return request;
}

const POLICY = `
merge: auto
scaling: {auto: true, toZero: true}
route: {implementation: envoy-gateway, clusterIssuer: letsencrypt}
customDomains: ["*.example.org", "*.mcp.example.com"]
`;

function deploying(configText: string): Rollout {
  const { config } = planBuild(sourceWith(configText), deploymentsWith(POLICY), settings);
  return rolloutFixture({ config, digest: `sha256:${'a'.repeat(64)}`, stage: 'proposing' });
}

test('what the policy offers is taken, and refused where the policy says nothing', () => {
  const source = sourceWith('scaling:\n  min: 0\n');

  expect(planBuild(source, deploymentsWith(POLICY), settings).failure).toBeUndefined();
  expect(planBuild(source, deploymentsWith(null), settings)).toMatchObject({
    failure: { code: 'config-invalid' },
    configProblems: [{ path: 'scaling.min', line: 2 }],
  });
});

test('a policy that cannot be read is told as that, and not as a fault of the server repository', () => {
  const { failure } = planBuild(sourceWith('name: a'), deploymentsWith('scaling: yes please'), settings);

  expect(failure?.code).toBe('policy-invalid');
});

test("a custom domain may not be another server's name, whatever the policy says", () => {
  const { configProblems } = planBuild(
    sourceWith('domains: [other-k3v9x2.mcp.example.com]'),
    deploymentsWith(POLICY),
    settings,
  );

  expect(configProblems).toMatchObject([{ path: 'domains[0]', line: 1 }]);
});

test.each([
  ['scaling: {min: 0, max: 3}', 'scaledobject.yaml', 1],
  ['scaling: {min: 2, max: 3}', 'horizontalpodautoscaler.yaml', 1],
  ['scaling: {min: 2}', 'poddisruptionbudget.yaml', 2],
])('%s is deployed, stopped and started, a stop being the smallest of changes', async (config, file, linesOfStop) => {
  const rollout = deploying(config);
  const deployed = await proposed(rollout, deploymentsWith(POLICY));
  expect(Object.keys(deployed.files)).toContain(file);

  const { files } = deployed;
  const overlay = parseOverlay(deployed, rollout);
  const stop = await proposed({ ...rollout, kind: 'stop', overlay }, deploymentsWith(POLICY, { ...files }));
  const stopped = stop.files;
  expect(stop.body.match(/^[-+] {2,}\S/gm)).toHaveLength(linesOfStop);
  expect(stop.body).toContain('| **0** |');

  const start = await proposed({ ...rollout, kind: 'start', overlay }, deploymentsWith(POLICY, { ...stopped }));
  expect(start.files).toEqual(files);
});

test('the pull request says by what a server scales, and under which names', async () => {
  const { body, files } = await proposed(
    deploying('scaling: {min: 0, max: 3}\ndomains: [tools.example.org]'),
    deploymentsWith(POLICY),
  );

  expect(body).toContain('| replicas | – | **0 to 3, as requests come** |');
  expect(body).toContain('| domains | – | **`tools.example.org`** |');
  expect(parse(files['httproute.yaml'] ?? '').spec.hostnames).toEqual([
    'hello-k3v9x2.mcp.example.com',
    'tools.example.org',
  ]);
});

test('a preview takes no custom domain from the server that it is a preview of', async () => {
  const rollout = deploying('domains: [tools.example.org]');

  const preview = { ...rollout, source: { ...rollout.source, pullRequest: 17 } };
  const { files } = await proposed(preview, deploymentsWith(POLICY));

  expect(Object.keys(files)).not.toContain('listenerset.yaml');
  expect(JSON.stringify(files)).not.toContain('tools.example.org');
});

/** What a deployment stores for the stop that comes after it. */
function parseOverlay(request: ProposalRequest, rollout: Rollout): NonNullable<Rollout['overlay']> {
  return {
    serverId: request.serverId,
    serverName: rollout.serverName,
    namespace: settings.serversNamespace,
    image: rollout.imageRepository,
    digest: rollout.digest ?? '',
    version: '4f2c1aa',
    replicas: Math.max(rollout.config.scaling.min, 1),
    host: 'hello-k3v9x2.mcp.example.com',
    route: settings.route,
    source: { repository: rollout.source.repository, commitSha: rollout.source.commitSha },
    config: rollout.config,
  };
}

test('a custom domain that another server has is refused on its line, and kept by the server itself', () => {
  const source = sourceWith('name: a\ndomains:\n  - tools.example.org\n');

  const taken = planBuild(source, deploymentsWith(POLICY), { ...settings, takenDomains: ['tools.example.org'] });

  expect(taken).toMatchObject({
    failure: { code: 'config-invalid' },
    configProblems: [{ path: 'domains[0]', line: 3 }],
  });
  expect(planBuild(source, deploymentsWith(POLICY), settings).failure).toBeUndefined();
});
