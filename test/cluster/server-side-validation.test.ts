import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { testDirectory } from '../unit/cli/test-directory.ts';
import { foldersOf, renderCase, SCAFFOLD_CASES } from '../unit/scaffold/scaffold-cases.ts';
import { createClusterEyes, describeWithCluster, find } from './cluster-under-test.ts';

const OVERLAYS = fileURLToPath(new URL('../golden/overlays/', import.meta.url));
/** Strict: a field that the kind does not have is an error. Nothing is kept. */
const DRY_RUN =
  'apply --server-side --dry-run=server --force-conflicts --field-manager=test --validate=strict --filename=-'.split(
    ' ',
  );
const WARNS = { 'pod-security.kubernetes.io/warn': 'restricted' };
const SETUP_MS_MAX = 120_000;

const folders = Object.entries(SCAFFOLD_CASES).flatMap(([name, given]) => {
  const files = renderCase(given);
  return foldersOf(files).map((folder) => ({ name, folder, files }));
});

describeWithCluster('server-side validation', () => {
  let core: ReturnType<typeof createClusterEyes>['core'];
  let served: Set<string>;
  const made: string[] = [];
  const unserved = new Set<string>();

  beforeAll(async () => {
    core = createClusterEyes().core;
    served = new Set(kubectl(['api-versions']).stdout.split('\n'));
    // Nothing is admitted to a namespace that is not there, not even for a dry run.
    for (const name of new Set(folders.flatMap(namespacesIn))) {
      if (await find(core.readNamespace({ name }))) continue;
      await core.createNamespace({ body: { metadata: { name, labels: WARNS } } });
      made.push(name);
    }
  }, SETUP_MS_MAX);
  afterAll(async () => {
    for (const name of made) await core.deleteNamespace({ name });
    for (const name of made) while (await find(core.readNamespace({ name }))) await delay(500);
    if (unserved.size > 0) process.stderr.write(`Not validated: the cluster has no ${[...unserved].join(', ')}\n`);
  }, SETUP_MS_MAX);

  /** @returns what the API server refuses or warns of */
  function complaintsAbout(directory: string): string {
    const rendered = kubectl(['kustomize', directory]);
    const objects = rendered.stdout.split(/^---$/m);
    for (const object of objects) if (!served.has(apiVersionOf(object))) unserved.add(apiVersionOf(object));
    const known = objects.filter((object) => served.has(apiVersionOf(object)));
    return rendered.stderr + (known.length === 0 ? '' : kubectl(DRY_RUN, known.join('---')).stderr);
  }

  function complaintsAboutFiles(files: Readonly<Record<string, string>>, folder = '.'): string {
    const directory = testDirectory(files);
    try {
      return complaintsAbout(`${directory.path}/${folder}`);
    } finally {
      directory.remove();
    }
  }

  test.each(readdirSync(OVERLAYS))('the overlay %s is admitted without a warning', (name) => {
    expect(complaintsAbout(`${OVERLAYS}${name}`)).toBe('');
  });

  test.each(folders)('$folder/ of the scaffold "$name" is admitted without a warning', ({ folder, files }) => {
    expect(complaintsAboutFiles(files, folder)).toBe('');
  });

  test.each([
    ['revisionHistoryLimit: 3', 'revisionHistory: 3', 'field not declared in schema'],
    ['allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true', 'would violate PodSecurity'],
  ])('instead of "%s", "%s" is complained about', (from, to, complaint) => {
    const overlay = `${OVERLAYS}gateway/`;
    const files = Object.fromEntries(readdirSync(overlay).map((name) => [name, readFileSync(overlay + name, 'utf8')]));
    const deployment = files['deployment.yaml']?.replace(from, to) ?? '';

    expect(complaintsAboutFiles({ ...files, 'deployment.yaml': deployment })).toContain(complaint);
  });
});

function kubectl(args: readonly string[], input = '') {
  return spawnSync('kubectl', args, { input, encoding: 'utf8' });
}

function apiVersionOf(object: string): string {
  return object.match(/^apiVersion: (\S+)$/m)?.[1] ?? 'apiVersion';
}

function namespacesIn({ folder, files }: (typeof folders)[number]): string[] {
  const inFolder = Object.entries(files).filter(([path]) => path.startsWith(`${folder}/`) && path.endsWith('.yaml'));
  return inFolder.flatMap(([, text]) => [...text.matchAll(/^ *namespace: (\S+)$/gm)].map(([, name = '']) => name));
}
