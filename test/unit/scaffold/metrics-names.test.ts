import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { METRICS_PORT } from '../../../src/domain/manifests/server-object.ts';
import type { PlatformMeasures } from '../../../src/domain/platform-measures.ts';
import { serveMetrics } from '../../../src/inbound/serve-metrics.ts';
import { createMetrics } from '../../../wrapper/src/measure/metrics.ts';
import { projectFiles, readProjectFile } from '../docs/project-files.ts';

/** Names that are not ours: of Argo CD (docs/operator-manual/metrics) and of kube-state-metrics. */
const FOREIGN = ['argocd_app_info', 'kube_resourcequota'];

/** Every expression of alerts and dashboards, by where it stands. */
function expressions(): [string, string][] {
  const alerts = parse(readProjectFile('kustomize/monitoring/alerts.yaml')) as {
    spec: { groups: { rules: { alert: string; expr: string }[] }[] };
  };
  const rules = alerts.spec.groups.flatMap(({ rules }) =>
    rules.map(({ alert, expr }): [string, string] => [alert, expr]),
  );
  const panels = projectFiles(/^kustomize\/monitoring\/dashboards\/.*\.json$/).flatMap((path) => {
    const { panels } = JSON.parse(readProjectFile(path)) as {
      panels: { title: string; type: string; targets: { expr: string }[] }[];
    };
    return panels
      .filter(({ type }) => type !== 'logs')
      .flatMap(({ title, targets }) => targets.map(({ expr }): [string, string] => [`${path}: ${title}`, expr]));
  });
  return [...rules, ...panels];
}

test('alerts and dashboards use metrics that are served, by labels and values that they have', async () => {
  const served = parseMetrics(`${await wrapperMetrics()}\n${await botMetrics()}`);
  const wrong = expressions().flatMap(([where, expr]) =>
    problemsOf(expr, served).map((problem) => `${where}: ${problem}`),
  );

  expect(expressions().length).toBeGreaterThan(30);
  expect(wrong).toEqual([]);
});

test('a platform without servers does not look as if it were down', async () => {
  const [, name = ''] =
    expressions()
      .map(([, expr]) => /absent\((\w+)\)/.exec(expr))
      .find(Boolean) ?? [];
  const served = parseMetrics(await botMetrics({ servers: [], jobs: [] }));

  expect(served.has('mcp_hosting_servers')).toBe(false);
  expect(served.has(name)).toBe(true);
});

test('the check finds a name, a label and a value that are not served', async () => {
  const served = parseMetrics(await wrapperMetrics());

  expect(problemsOf('rate(mcp_wrapper_request_total[5m])', served)).toEqual([
    'mcp_wrapper_request_total is not served',
  ]);
  expect(problemsOf('mcp_wrapper_requests_total{result="ok"}', served)).toEqual([
    'mcp_wrapper_requests_total has no label result',
  ]);
  expect(problemsOf('mcp_wrapper_requests_total{outcome=~"ok|bad"}', served)).toEqual([
    'outcome of mcp_wrapper_requests_total is never bad',
  ]);
});

test('the PodMonitor scrapes the port that pods have', () => {
  const { spec } = parse(readProjectFile('kustomize/monitoring/pod-monitor.yaml'));
  const golden = parse(readProjectFile('test/golden/overlays/monitored/deployment.yaml'));

  const { ports } = golden.spec.template.spec.containers[0];
  expect(ports).toContainEqual({ name: spec.podMetricsEndpoints[0].port, containerPort: METRICS_PORT });
  expect(golden.spec.template.metadata.labels).toMatchObject({
    ...spec.selector.matchLabels,
    'server-id': expect.any(String),
  });
});

test('the ServiceMonitor scrapes the port that the bot has', () => {
  const { spec } = parse(readProjectFile('kustomize/platform/service-monitor.yaml'));
  const service = parse(readProjectFile('kustomize/platform/service.yaml'));
  const deployment = parse(readProjectFile('kustomize/platform/deployment.yaml'));

  const port = service.spec.ports.find(({ name }: { name: string }) => name === spec.endpoints[0].port);
  expect(deployment.spec.template.spec.containers[0].ports).toContainEqual({
    name: port.targetPort,
    containerPort: port.port,
  });
  expect(readProjectFile('kustomize/platform/kustomization.yaml')).toContain(`METRICS_PORT=${port.port}\n`);
  expect(service.metadata.labels).toMatchObject(spec.selector.matchLabels);
});

test("Alloy tells the wrapper's lines by the name that it logs under", () => {
  expect(readProjectFile('wrapper/src/measure/log.ts')).toContain("name: 'mcp-wrapper'");
  expect(readProjectFile('kustomize/monitoring/mcp-hosting.alloy')).toContain(String.raw`\"name\":\"mcp-wrapper\"`);
});

/** Labels and their values by metric name. */
type Served = Map<string, Map<string, Set<string>>>;

function parseMetrics(text: string): Served {
  const served: Served = new Map();
  for (const [, name = '', labels = ''] of text.matchAll(/^([a-z_0-9]+)(?:\{([^}]*)\})? \S+$/gm)) {
    const known = served.get(name) ?? new Map<string, Set<string>>();
    served.set(name, known);
    for (const [, label = '', value = ''] of labels.matchAll(/([a-z_]+)="([^"]*)"/g)) {
      known.set(label, (known.get(label) ?? new Set()).add(value));
    }
  }
  return served;
}

/** Labels that Prometheus adds: of the PodMonitor and of the pod. */
const ADDED = ['server_id', 'pod', 'namespace'];

function problemsOf(expr: string, served: Served): string[] {
  return [...expr.matchAll(/\b((?:mcp|argocd|kube)_[a-z0-9_]+)(?:\{([^}]*)\})?/g)].flatMap(
    ([, name = '', matchers = '']) => {
      if (FOREIGN.includes(name)) return [];
      const labels = served.get(name);
      if (!labels) return [`${name} is not served`];
      return [...matchers.matchAll(/([a-z_]+)=~?"([^"]*)"/g)].flatMap(([, label = '', values = '']) => {
        if (ADDED.includes(label)) return [];
        const known = labels.get(label);
        if (!known) return [`${name} has no label ${label}`];
        return values
          .split('|')
          .flatMap((value) => (known.has(value) ? [] : [`${label} of ${name} is never ${value}`]));
      });
    },
  );
}

async function wrapperMetrics(): Promise<string> {
  const metrics = createMetrics();
  for (const outcome of ['ok', 'error', 'refused', 'cancelled', 'timeout'] as const) {
    metrics.observeRequest({ method: 'tools/call', era: 'modern', outcome, seconds: 0.1 });
  }
  for (const reason of ['busy', 'session-limit', 'stream-limit'] as const) metrics.rejected(reason);
  metrics.watch({
    requestsInFlight: () => 0,
    sessions: () => 0,
    streams: () => 0,
    childRestarts: () => 0,
    childGroups: () => [process.pid],
    isChildUp: () => true,
    bytes: () => ({ in: 0, out: 0 }),
    keyUses: () => new Map([['7f3a9c21d0b4', 0]]),
  });
  return metrics.render();
}

async function botMetrics(more: Partial<PlatformMeasures> = {}): Promise<string> {
  const measures: PlatformMeasures = {
    servers: [{ status: 'running', count: 2 }],
    rolloutsFailedInHour: 1,
    deliveriesFailedInDay: 0,
    jobs: [{ queue: 'advance', state: 'created', count: 1 }],
    waits: [{ queue: 'advance', seconds: 3 }],
    ...more,
  };
  const silent = () => undefined;
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const server = await serveMetrics(
    { measures: { read: async () => measures }, log, now: () => new Date() },
    { host: '127.0.0.1', port: 0 },
  );
  const { port } = server.address() as { port: number };
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  server.close();
  server.closeAllConnections();
  return answer.text();
}
