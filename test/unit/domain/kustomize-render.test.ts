import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { renderKustomization, renderKustomizationYaml } from '../../../src/domain/kustomize-render.ts';
import { renderOverlay } from '../../../src/domain/render-overlay.ts';
import { writeYaml } from '../../../src/domain/write-yaml.ts';
import { kubectlKustomize, testWithKubectl } from './kubectl.ts';
import { MINIMAL_OVERLAY } from './overlay-cases.ts';

const overlay = renderOverlay(MINIMAL_OVERLAY);
const kustomization = overlay['kustomization.yaml'] ?? '';
const service = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n';
const deployment =
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a, image: x}]}}}\n';

/** Overlays that people could write, all of which are rendered. */
const EDITED: Record<string, Record<string, string>> = {
  'resources alone': { 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': service },
  'several documents, some empty': {
    'kustomization.yaml': 'resources: [a.yaml]',
    'a.yaml': `---\n${service}---\n# nothing\n---\n${deployment}`,
  },
  'an order of its own': {
    'kustomization.yaml': 'resources: [b.yaml, a.yaml]',
    'a.yaml': service,
    'b.yaml': deployment,
  },
  'two of one kind': {
    'kustomization.yaml': 'resources: [a.yaml]',
    'a.yaml': `${service.replace('name: a', 'name: b')}---\n${service}`,
  },
  'labels over labels, in templates or not': {
    'kustomization.yaml':
      'resources: [a.yaml]\nlabels:\n- pairs: {app: x, k10: a, k9: b}\n- pairs: {tier: z}\n  includeTemplates: true\n',
    'a.yaml': `${service}  labels: {app: old}\n---\n${deployment}`,
  },
  'a tag for an image': {
    'kustomization.yaml': 'resources: [a.yaml]\nimages: [{name: x, newTag: "1.0"}]',
    'a.yaml': deployment,
  },
  'another name for an image with a tag': {
    'kustomization.yaml': 'resources: [a.yaml]\nimages: [{name: "host:5000/x", newName: z}]',
    'a.yaml': deployment.replace('image: x', 'image: "host:5000/x:2"'),
  },
  'a digest in place of a tag': {
    'kustomization.yaml': `resources: [a.yaml]\nimages: [{name: x, digest: "sha256:${'a'.repeat(64)}"}]`,
    'a.yaml': deployment.replace('image: x', 'image: "x:2"'),
  },
  'images of init containers, and of other names': {
    'kustomization.yaml': 'resources: [a.yaml]\nimages: [{name: x, newTag: t}]',
    'a.yaml': deployment.replace(
      'containers:',
      'initContainers: [{name: i, image: x}, {name: j, image: x/y}], containers:',
    ),
  },
  'replicas over replicas': {
    'kustomization.yaml': 'resources: [a.yaml]\nreplicas: [{name: a, count: 0}]',
    'a.yaml': deployment.replace('spec: {', 'spec: {replicas: 3, '),
  },
  'a namespace over a namespace': {
    'kustomization.yaml': 'namespace: new\nresources: [a.yaml]',
    'a.yaml': `${service}  namespace: old\n`,
  },
};

describe('renderKustomization renders as kubectl kustomize does', () => {
  for (const [name, files] of Object.entries(EDITED)) {
    testWithKubectl(name, () => {
      expect(kubectlKustomize(files)).toEqual({ ok: true, text: renderKustomizationYaml(files) });
    });
  }

  testWithKubectl('texts of all kinds, as values and in lists', () => {
    const pieces = [
      ...'abyYnNoOtTfF01289_.:-+#,[]{}&*!|>\'"%@`?~<= \\/éß😀\u00a0\u200b\t\r\u0007\u001b',
      'yes null 0x 1e3 2020-01-02 12:30 true word'.split(' '),
      [': ', ' #', '- ', '---', '...', ' word', ' word', ' "word"', " it's", '  '],
    ].flat();
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((parts) => parts.join(''));
    const texts = fc.sample(
      fc.oneof(
        text,
        fc.array(fc.constantFrom(...pieces), { maxLength: 5 }).map((parts) => parts.join('')),
      ),
      { seed: 1, numRuns: 2_000 },
    );
    const annotations = Object.fromEntries(texts.map((value, index) => [`k${index}`, value]));
    const files = {
      'kustomization.yaml': 'resources:\n- a.yaml\n',
      'a.yaml': writeYaml(
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'a', annotations },
          spec: { externalIPs: texts.slice(0, 300) },
        },
        'overlay',
      ),
    };

    const { ok, text: rendered } = kubectlKustomize(files);

    expect(ok).toBe(true);
    expect(renderKustomizationYaml(files)).toBe(rendered);
  });
});

describe('renderKustomization refuses', () => {
  test.each<[string, Record<string, string>, string]>([
    ['no kustomization', {}, 'Cannot render kustomization.yaml: it is absent'],
    [
      'another file name',
      { 'kustomization.yml': kustomization },
      'Cannot render kustomization.yml: it has another name',
    ],
    ['an empty one', { 'kustomization.yaml': '# nothing' }, 'it is not one document'],
    [
      'two documents',
      { 'kustomization.yaml': 'resources: [a.yaml]\n---\nresources: [a.yaml]' },
      'it is not one document',
    ],
    ['no resources', { 'kustomization.yaml': 'namespace: a' }, 'a value is of another form'],
    ['a missing resource', { 'kustomization.yaml': 'resources: [a.yaml]' }, 'the resource "a.yaml" is not there'],
    [
      'names of Object',
      { 'kustomization.yaml': 'resources: [constructor.yaml]' },
      'the resource "constructor.yaml" is not there',
    ],
    [
      'a resource twice',
      { 'kustomization.yaml': 'resources: [a.yaml, a.yaml]', 'a.yaml': service },
      'Service a stands twice',
    ],
    [
      'replicas of nobody',
      { 'kustomization.yaml': 'resources: [a.yaml]\nreplicas: [{name: b, count: 1}]', 'a.yaml': service },
      'replicas names "b"',
    ],
    [
      'another kind',
      { 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': service.replace('Service', 'Namespace') },
      'it holds another kind of object',
    ],
    [
      'a Secret',
      { 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': service.replace('Service', 'Secret') },
      'it holds a Secret, whose values would stand in git',
    ],
    [
      'no object',
      { 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': 'a: 1' },
      'a document in it is no Kubernetes object',
    ],
    [
      'a local-config annotation',
      {
        'kustomization.yaml': 'resources: [a.yaml]',
        'a.yaml': `${service}  annotations: {config.kubernetes.io/local-config: "true"}`,
      },
      'an annotation that steers kustomize',
    ],
    [
      'a value of two meanings',
      { 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': `${service}spec: {a: 0777}` },
      'one thing in YAML 1.1 and another in 1.2',
    ],
    [
      'a yes',
      { 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': `${service}spec: {a: yes}` },
      'one thing in YAML 1.1 and another in 1.2',
    ],
    [
      'a fraction',
      { 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': `${service}spec: {a: 1.5}` },
      '"a" is a number that is not whole',
    ],
    [
      'an empty value',
      { 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': `${service}spec:\n` },
      '"spec" has an empty value',
    ],
    [
      'a number as key',
      { 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': `${service}spec: {"1": a}` },
      'the key "1" looks like a number',
    ],
    [
      'an alias',
      { 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': `${service}spec: {a: &a b, c: *a}` },
      'an anchor, an alias or a tag',
    ],
    ['broken YAML', { 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': '{' }, 'it is not valid YAML'],
    ['a huge file', { 'kustomization.yaml': `resources: [a.yaml]\n#${'x'.repeat(300_000)}` }, 'it is over 256 KiB'],
    ...['../a.yaml', '/a.yaml', 'b/a.yaml', 'https://example.com/a.yaml', '.a.yaml', 'a', '.'].map(
      (path): [string, Record<string, string>, string] => [
        `the resource ${path}`,
        { 'kustomization.yaml': `resources: ["${path}"]`, [path]: service },
        'a value in "resources.0" is of another form',
      ],
    ),
    ...[
      'patches: []',
      'configMapGenerator: []',
      'namePrefix: a',
      'commonLabels: {a: b}',
      'components: []',
      'bases: []',
      '__proto__: {}',
    ].map((field): [string, Record<string, string>, string] => [
      `the field ${field}`,
      { 'kustomization.yaml': `resources: [a.yaml]\n${field}`, 'a.yaml': service },
      `it uses the field "${field.split(':')[0]}", expected only resources, images, replicas, labels and namespace`,
    ]),
    [
      'labels in selectors',
      {
        'kustomization.yaml': 'resources: [a.yaml]\nlabels: [{pairs: {a: b}, includeSelectors: true}]',
        'a.yaml': service,
      },
      'a value in "labels.0.includeSelectors" is of another form',
    ],
    [
      'a label that is no text',
      { 'kustomization.yaml': 'resources: [a.yaml]\nlabels: [{pairs: {a: 1}}]', 'a.yaml': service },
      'a value in "labels.0.pairs.a" is of another form',
    ],
  ])('%s', (_, files, message) => {
    expect(() => renderKustomization(files)).toThrow(
      expect.objectContaining({ code: 'overlay-not-renderable', message: expect.stringContaining(message) }),
    );
  });
});

test('renderKustomization leaves out files that are not listed', () => {
  expect(renderKustomization({ ...overlay, 'notes.yaml': 'not: [valid' })).toEqual(renderKustomization(overlay));
});
