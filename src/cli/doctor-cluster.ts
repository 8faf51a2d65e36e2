import { type ClusterInspection, createClusterInspection } from '../adapters/kubernetes/cluster-inspection.ts';
import { NEEDED_RIGHTS } from '../adapters/kubernetes/needed-rights.ts';
import { diagnoseArgoCd } from '../domain/doctor/diagnose-argocd.ts';
import { broken, type Diagnosis } from '../domain/doctor/diagnosis.ts';
import { diagnoseResources, neededResources } from '../domain/doctor/needed-resources.ts';
import { fullName } from '../domain/repository.ts';
import type { DoctorPlace } from './doctor-place.ts';
import type { DoctorPolicy } from './doctor-policy.ts';
import type { DoctorCheck } from './run-checks.ts';

export function clusterChecks(place: DoctorPlace, policy: DoctorPolicy): DoctorCheck[] {
  const { config } = place;
  // Made within each check, so that a kubeconfig that cannot be read is a finding.
  const inspect = () => createClusterInspection(config.kubeconfigPath);
  return [
    {
      name: 'kubernetes',
      title: 'Kubernetes',
      run: async () => ({ found: await inspect().version(), problems: [] }),
    },
    { name: 'rights', title: 'Rights in the cluster', run: () => checkRights(place, inspect()) },
    { name: 'resources', title: 'Kinds in the cluster', run: () => checkResources(place, policy, inspect()) },
    {
      name: 'argocd',
      title: 'Argo CD',
      run: async () =>
        diagnoseArgoCd({
          objects: await inspect().argoCd(config.argocdNamespace),
          repositoryUrl: `${config.githubWebUrl}/${fullName(config.deploymentsRepository)}.git`,
          namespace: config.argocdNamespace,
        }),
    },
  ];
}

async function checkRights({ config }: DoctorPlace, cluster: ClusterInspection): Promise<Diagnosis> {
  const asked = NEEDED_RIGHTS.flatMap(({ in: place, group, resource, verbs }) =>
    verbs.map((verb) => ({
      verb,
      group,
      resource,
      namespace: place === 'argocd' ? config.argocdNamespace : config.serversNamespace,
    })),
  );
  const answers = await Promise.all(asked.map(async (right) => ({ right, allowed: await cluster.mayI(right) })));
  const problems = answers
    .filter(({ allowed }) => !allowed)
    .map(({ right: { verb, group, resource, namespace } }) => {
      const kind = group === '' ? resource : `${resource}.${group}`;
      const problem = `The bot may not ${verb} ${kind} in namespace "${namespace}".`;
      return broken(problem, 'kubectl apply -k platform   # in a clone of the deployments repository');
    });
  return { found: `${asked.length - problems.length} of ${asked.length} rights`, problems };
}

async function checkResources(
  { config }: DoctorPlace,
  policy: DoctorPolicy,
  cluster: ClusterInspection,
): Promise<Diagnosis> {
  const needed = neededResources({ route: config.route, policy: await policy.policy() });
  const served = new Map<string, readonly string[]>();
  const places = new Map(needed.map(({ group, version }) => [`${group}/${version}`, { group, version }]));
  await Promise.all(
    [...places].map(async ([name, { group, version }]) => {
      const found = await cluster.resources(group, version);
      if (found) served.set(name, found);
    }),
  );
  const problems = diagnoseResources(needed, served);
  return { found: `${needed.length - problems.length} of ${needed.length} kinds`, problems };
}
