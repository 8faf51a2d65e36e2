import { expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { BASE_KINDS, OVERLAY_KINDS } from '../../../src/domain/read-manifests.ts';
import { readProjectFile } from '../docs/project-files.ts';

interface Kind {
  group: string;
  kind: string;
}

/** What a Deployment makes, which Argo CD shows only where its project names it; git never brings it. */
const MADE_BY_OTHERS = [' Pod', 'apps ReplicaSet'];

function projectNamed(name: string): { clusterResourceWhitelist: Kind[]; namespaceResourceWhitelist: Kind[] } {
  const documents = parseAllDocuments(readProjectFile('kustomize/argocd/app-project.yaml'));
  return documents.map((document) => document.toJS()).find(({ metadata }) => metadata.name === name).spec;
}

function kindsOf(project: ReturnType<typeof projectNamed>): string[] {
  return [...project.clusterResourceWhitelist, ...project.namespaceResourceWhitelist]
    .map(({ group, kind }) => `${group} ${kind}`)
    .sort();
}

/** `apps/v1 Deployment` as a project has it. */
function withoutVersion(id: string): string {
  const [apiVersion = '', kind] = id.split(' ');
  return `${apiVersion.includes('/') ? apiVersion.split('/')[0] : ''} ${kind}`;
}

test('Argo CD applies of an overlay just the kinds that its check admits', () => {
  const project = projectNamed('mcp-servers');

  expect(kindsOf(project)).toEqual([...OVERLAY_KINDS.map(withoutVersion), ...MADE_BY_OTHERS].sort());
  expect(project.clusterResourceWhitelist).toEqual([]);
});

test('Argo CD applies of base/ just the kinds that its check admits', () => {
  const project = projectNamed('mcp-servers-base');

  expect(kindsOf(project)).toEqual(BASE_KINDS.map(withoutVersion).sort());
  expect(project.clusterResourceWhitelist).toEqual([{ group: '', kind: 'Namespace' }]);
});

test('Argo CD undoes what people change in the cluster, the count of replicas too, and removes what git lost', () => {
  const { spec } = parse(readProjectFile('kustomize/argocd/applicationset.yaml')).spec.template;

  expect(spec.syncPolicy.automated).toEqual({ prune: true, selfHeal: true });
  // Either would make an exception: of fields that are not compared, or of Applications that are changed by hand.
  expect(spec.ignoreDifferences).toBeUndefined();
  expect(
    parse(readProjectFile('kustomize/argocd/applicationset.yaml')).spec.ignoreApplicationDifferences,
  ).toBeUndefined();
});
