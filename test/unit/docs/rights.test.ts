import { expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { NEEDED_RIGHTS } from '../../../src/adapters/kubernetes/needed-rights.ts';
import { readProjectFile } from './project-files.ts';

/** One line for each thing that may be done, so that a difference shows as a line. */
function lines(rights: readonly { in: string; group: string; resource: string; verbs: readonly string[] }[]): string[] {
  return rights
    .flatMap(({ in: place, group, resource, verbs }) => verbs.map((verb) => `${place}: ${verb} ${group}/${resource}`))
    .sort();
}

test('the Roles of the platform grant exactly what the bot needs', () => {
  const documents = parseAllDocuments(readProjectFile('kustomize/platform/rbac.yaml')).map((each) => each.toJS());
  const roles = documents.filter(({ kind }) => kind === 'Role');
  const granted = roles.flatMap(({ metadata, rules }) =>
    rules.flatMap((rule: { apiGroups: string[]; resources: string[]; verbs: string[] }) =>
      rule.resources.map((resource) => ({
        in: metadata.namespace === 'mcp-servers' ? 'servers' : metadata.namespace,
        group: rule.apiGroups.join(),
        resource,
        verbs: rule.verbs,
      })),
    ),
  );

  expect(documents.map(({ kind }) => kind).sort()).toEqual(['Role', 'Role', 'RoleBinding', 'RoleBinding']);
  expect(lines(granted)).toEqual(lines(NEEDED_RIGHTS));
});

test('docs/configuration.md lists the same', () => {
  const rows = [
    ...readProjectFile('docs/configuration.md').matchAll(
      /^\| `(ARGOCD|SERVERS)_NAMESPACE` \| `([^`]+)` \| ([a-z, ]+) \|$/gm,
    ),
  ];
  const documented = rows.map(([, place = '', kind = '', verbs = '']) => {
    const [resource = '', ...group] = kind.split('.');
    return { in: place.toLowerCase(), group: group.join('.'), resource, verbs: verbs.split(', ') };
  });

  expect(lines(documented)).toEqual(lines(NEEDED_RIGHTS));
});
