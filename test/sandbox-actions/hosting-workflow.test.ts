import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { parseWorkflow } from '../../sandbox/actions/workflow-file.ts';
import { WRAPPER_IMAGE_NAME } from '../../sandbox/images/wrapper-package.ts';
import { createRunnerBench, type RunnerBench, readRoot, TOKEN } from './runner-fixtures.ts';

const BUILD_YML = 'kustomize/.github/workflows/build.yml';
let bench: RunnerBench;
let inputs: Record<string, string>;
const server = {
  'package.json': JSON.stringify({
    name: 'tiny',
    version: '1.0.0',
    bin: { tiny: 'index.js' },
    dependencies: { own: 'file:own' },
  }),
  'index.js': "console.log('tiny');\n",
  'own/package.json': '{"name":"own","version":"1.0.0"}',
};

beforeAll(async () => {
  bench = await createRunnerBench();
  await bench.commit('deployments', { '.github/workflows/build.yml': await readRoot(BUILD_YML) });
  inputs = {
    rollout: '6f1c4a52-0f0f-4d5e-9f43-6f2f7d7b9a11',
    'server-id': 'tiny-a1b2',
    image: 'ghcr.io/acme/mcp-servers/tiny-a1b2',
    version: '0a1b2c3',
    ref: '',
    runtime: 'node',
    command: '["node", "index.js", "a, \\"b\\" $(id)"]',
  };
});

afterAll(() => bench.close());

async function thinWorkflow(): Promise<string> {
  return (await readRoot('templates/mcp-hosting.yml'))
    .replace('__DEPLOYMENTS_REPOSITORY__', 'acme/deployments')
    .replace('__DEPLOYMENTS_BRANCH__', 'main');
}

test('the workflow of a server repository builds the commit, pushes both tags and reports the digest', async () => {
  const ref = await bench.commit('server', { ...server, '.github/workflows/mcp-hosting.yml': await thinWorkflow() });

  const run = bench.run(ref, { inputs: { ...inputs, ref } });
  const conclusion = await run.done;

  expect(run.log.filter((line) => line.includes('##[error]'))).toEqual([]);
  expect(conclusion).toBe('success');
  const image = await bench.images.resolve(`${inputs.image}:0a1b2c3`);
  expect(await bench.images.resolve(`${inputs.image}:latest`)).toEqual(image);
  expect(image?.config.env.MCP_WRAPPER_COMMAND).toBe(inputs.command);
  expect(bench.calls).toEqual([
    {
      method: 'POST',
      path: '/repos/acme/server/dispatches',
      authorization: `token ${TOKEN}`,
      body: {
        event_type: 'mcp-hosting-build',
        client_payload: { rollout: inputs.rollout, run_id: 7, digest: image?.digest, image: inputs.image },
      },
    },
  ]);
  const job = run.jobs.get('build / Build tiny-a1b2');
  expect(job).toMatchObject({ status: 'completed', conclusion: 'success' });
  expect(job?.steps.map((step) => `${step.number} ${step.name}: ${step.conclusion}`)).toEqual([
    '1 Check out the commit: success',
    '2 Choose the Dockerfile: success',
    '3 Log in to the registry: success',
    '4 Set up the builder: success',
    '5 Build and push the image: success',
    '6 Report the digest: success',
  ]);
  await expect(access(join(image?.rootfs ?? '', 'app/.git'))).rejects.toThrow('ENOENT');
  expect((await readdir(join(bench.dir, 'runs'))).filter((name) => name.startsWith('run-'))).toEqual([]);
  expect(run.events).toEqual(['started', 'completed']);
});

test('a commit that only a pull request holds is built', async () => {
  const base = await bench.commit('server', { ...server, '.github/workflows/mcp-hosting.yml': await thinWorkflow() });
  await bench.git('server', 'checkout', '--quiet', '-b', 'fork');
  await bench.git('server', 'commit', '--quiet', '--allow-empty', '--message', 'From a fork');
  const ref = await bench.git('server', 'rev-parse', 'HEAD');
  await bench.git(
    'server',
    'push',
    '--quiet',
    join(bench.dir, 'repositories/acme/server.git'),
    'HEAD:refs/pull/3/head',
  );
  await bench.git('server', 'checkout', '--quiet', 'main');

  const run = bench.run(base, { inputs: { ...inputs, ref } });

  expect(await run.done).toBe('success');
  expect(run.log.join('\n')).toContain(`Checked out ${ref}`);
});

test('a build that fails says so and reports no digest', async () => {
  const ref = await bench.commit('broken', {
    '.github/workflows/mcp-hosting.yml': await thinWorkflow(),
    'package.json': '{"name":"broken","version":"1.0.0","scripts":{"build":"echo no compiler here && exit 3"}}',
  });
  const before = bench.calls.length;

  const run = bench.run(ref, { repository: { owner: 'acme', name: 'broken' }, inputs: { ...inputs, ref } });

  expect(await run.done).toBe('failure');
  expect(bench.calls.length).toBe(before);
  expect(run.log.some((line) => line.endsWith('no compiler here'))).toBe(true);
  const steps = run.jobs.get('build / Build tiny-a1b2')?.steps ?? [];
  expect(steps.map((step) => step.conclusion)).toEqual([
    'success',
    'success',
    'success',
    'success',
    'failure',
    'skipped',
  ]);
});

test.each([
  ['an unknown runtime', { runtime: 'cobol' }, 'expected node, python or docker'],
  ['a runtime that is shell', { runtime: '$(touch /tmp/owned); node' }, 'expected node, python or docker'],
  ['a repository without its Dockerfile', { runtime: 'docker' }, 'the repository has no Dockerfile'],
  ['an image name in capitals', { image: 'ghcr.io/Acme/X' }, 'it is no image name'],
])('%s fails the run with its reason', async (_what, change, reason) => {
  const ref = await bench.commit('server', { ...server, '.github/workflows/mcp-hosting.yml': await thinWorkflow() });

  const run = bench.run(ref, { inputs: { ...inputs, ref, ...change } });

  expect(await run.done).toBe('failure');
  expect(run.log.join('\n')).toContain(reason);
});

test('a repository with its own Dockerfile is built by it, its ignore file in force', async () => {
  const dockerfile = [
    `FROM ${WRAPPER_IMAGE_NAME}:0.1.0 AS wrapper`,
    'FROM node:24-slim',
    'WORKDIR /srv',
    'COPY --from=wrapper /opt/mcp-wrapper /opt/mcp-wrapper',
    'COPY . .',
    'ENTRYPOINT ["node", "/opt/mcp-wrapper/bin/mcp-wrapper.js"]',
  ];
  const ref = await bench.commit('own', {
    '.github/workflows/mcp-hosting.yml': await thinWorkflow(),
    Dockerfile: dockerfile.join('\n'),
    '.dockerignore': '*.secret',
    'index.js': '',
    'my.secret': '',
  });

  const run = bench.run(ref, {
    repository: { owner: 'acme', name: 'own' },
    inputs: { ...inputs, ref, runtime: 'docker' },
  });

  expect(await run.done).toBe('success');
  const image = await bench.images.resolve(`${inputs.image}:latest`);
  expect((await readdir(join(image?.rootfs ?? '', 'srv'))).sort()).toEqual([
    '.dockerignore',
    '.github',
    'Dockerfile',
    'index.js',
  ]);
});

test.each(['node', 'python'])('the wrapper of the %s template is the one that the sandbox brings', async (runtime) => {
  expect(await readRoot(`templates/${runtime}.Dockerfile`)).toContain(`\nARG WRAPPER_IMAGE=${WRAPPER_IMAGE_NAME}:`);
});

test('the reusable workflow holds the Dockerfiles of templates/', async () => {
  const workflow = parse(await readRoot(BUILD_YML));

  const { env } = workflow.jobs.build.steps.find((step: { name: string }) => step.name === 'Choose the Dockerfile');

  expect(env.NODE_DOCKERFILE).toBe(await readRoot('templates/node.Dockerfile'));
  expect(env.PYTHON_DOCKERFILE).toBe(await readRoot('templates/python.Dockerfile'));
});

test('both workflows declare the same inputs, pin every action, and put no input into a script', async () => {
  const [thinText, buildText] = [await thinWorkflow(), await readRoot(BUILD_YML)];
  const thin = parseWorkflow('mcp-hosting.yml', thinText);
  const build = parseWorkflow('build.yml', buildText);

  expect(thin.dispatchInputs).toEqual(build.callInputs);
  for (const step of build.jobs.flatMap((job) => (job.body.kind === 'steps' ? job.body.steps : []))) {
    if (step.action.kind === 'uses') {
      expect(step.action.uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
      expect(step.action.with.script ?? '').not.toContain('${{');
    } else expect(step.action.script).not.toContain('${{');
  }
  expect(buildText.match(/@[0-9a-f]{40} # v\d+\.\d+\.\d+\n/g)).toHaveLength(5);
});
