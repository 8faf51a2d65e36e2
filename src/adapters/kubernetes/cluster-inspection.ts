import { AuthorizationV1Api, CustomObjectsApi, VersionApi } from '@kubernetes/client-node';
import type { ArgoCdObjects } from '../../domain/doctor/diagnose-argocd.ts';
import { absentAsUndefined } from './absent-as-undefined.ts';
import { boundedMessage, boundedWord } from './bounded-message.ts';
import { type ClusterClient, createClusterClient } from './cluster-client.ts';
import { APPLICATIONS } from './list-applications.ts';
import { field, type Json } from './parse-application.ts';

/** What a cluster has and what it lets us do, for a look at what is missing. Errors as of `ClusterClient`. */
export interface ClusterInspection {
  /** `v1.36.0`. */
  version(): Promise<string>;
  /** Plural names of what the API server serves under a group and version; undefined where it knows neither. */
  resources(group: string, version: string): Promise<string[] | undefined>;
  /** Whether this very client may do it (SelfSubjectAccessReview). */
  mayI(right: { verb: string; group: string; resource: string; namespace: string }): Promise<boolean>;
  argoCd(namespace: string): Promise<ArgoCdObjects>;
}

const SETS = { ...APPLICATIONS, plural: 'applicationsets' };
const PROJECTS = { ...APPLICATIONS, plural: 'appprojects' };

/** @throws Error when the kubeconfig cannot be read */
export function createClusterInspection(kubeconfigPath: string | undefined): ClusterInspection {
  const client = createClusterClient(kubeconfigPath);
  return {
    async version() {
      const { gitVersion } = await client.call('read the version of Kubernetes', (options) =>
        client.api(VersionApi).getCode(options),
      );
      return boundedWord(gitVersion);
    },
    async resources(group, version) {
      const found = await absentAsUndefined(
        client.call(`read what is served of ${group}/${version}`, (options) =>
          client.api(CustomObjectsApi).getAPIResources({ group, version }, options),
        ),
      );
      return found?.resources.map(({ name }) => name);
    },
    async mayI({ verb, group, resource: path, namespace }) {
      const [resource = '', subresource = ''] = path.split('/');
      const resourceAttributes = { verb, group, resource, subresource, namespace };
      const body = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes },
      };
      const review = await client.call(`ask whether we may ${verb} ${path}`, (options) =>
        client.api(AuthorizationV1Api).createSelfSubjectAccessReview({ body }, options),
      );
      return review.status?.allowed === true;
    },
    argoCd: (namespace) => readArgoCd(client, namespace),
  };
}

async function readArgoCd(client: ClusterClient, namespace: string): Promise<ArgoCdObjects> {
  const read = (kind: typeof SETS | typeof PROJECTS | typeof APPLICATIONS, name: string): Promise<Json> =>
    absentAsUndefined(
      client.call(`read ${kind.plural} "${name}" of Argo CD`, (options) =>
        client.objects.getNamespacedCustomObject({ ...kind, namespace, name }, options),
      ),
    );
  const [set, project, base] = await Promise.all([
    read(SETS, 'mcp-servers'),
    read(PROJECTS, 'mcp-servers'),
    read(APPLICATIONS, 'mcp-servers-base'),
  ]);
  return {
    applicationSet: isAbsent(set) ? undefined : { repositoryUrls: generatorUrls(set), errors: errorsOf(set) },
    project: isAbsent(project) ? undefined : { repositoryUrls: texts(field(field(project, 'spec'), 'sourceRepos')) },
    base: isAbsent(base) ? undefined : baseState(base),
  };
}

function isAbsent(object: Json): boolean {
  return object === undefined;
}

function generatorUrls(set: Json): string[] {
  return texts(list(field(field(set, 'spec'), 'generators')).map((each) => field(field(each, 'git'), 'repoURL')));
}

/** Conditions of kind ErrorOccurred (argo-cd, `ApplicationSetConditionErrorOccurred`). */
function errorsOf(set: Json): string[] {
  return list(field(field(set, 'status'), 'conditions'))
    .filter((each) => field(each, 'type') === 'ErrorOccurred' && field(each, 'status') === 'True')
    .map((each) => boundedMessage(String(field(each, 'message') ?? '')));
}

function baseState(application: Json): NonNullable<ArgoCdObjects['base']> {
  const status = field(application, 'status');
  const [message] = texts(list(field(status, 'conditions')).map((each) => field(each, 'message')));
  return {
    syncStatus: boundedWord(String(field(field(status, 'sync'), 'status') ?? 'Unknown')),
    healthStatus: boundedWord(String(field(field(status, 'health'), 'status') ?? 'Unknown')),
    message: message === undefined ? undefined : boundedMessage(message),
  };
}

function list(value: Json): Json[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: Json): string[] {
  return list(value)
    .filter((each): each is string => typeof each === 'string')
    .map(boundedWord);
}
