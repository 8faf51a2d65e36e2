import { expect, test } from '@jest/globals';
import { detectRuntime, type RuntimeEvidence } from '../../../src/domain/detect-runtime.ts';

const nothing: RuntimeEvidence = {
  config: {},
  packageJsonText: null,
  pyprojectText: null,
  requirementsPresent: false,
  dockerfilePresent: false,
};

test.each<[string, Partial<RuntimeEvidence>, string]>([
  ['package.json', { packageJsonText: '{}' }, 'node'],
  ['an empty package.json', { packageJsonText: '' }, 'node'],
  ['pyproject.toml', { pyprojectText: '' }, 'python'],
  ['requirements.txt', { requirementsPresent: true }, 'python'],
  ['a Dockerfile alone', { dockerfilePresent: true }, 'docker'],
  ['package.json and a Dockerfile', { packageJsonText: '{}', dockerfilePresent: true }, 'node'],
  ['requirements.txt and a Dockerfile', { requirementsPresent: true, dockerfilePresent: true }, 'python'],
  ['package.json and pyproject.toml', { packageJsonText: '{}', pyprojectText: '' }, 'node'],
  ['python configured, package.json', { config: { runtime: 'python' }, packageJsonText: '{}' }, 'python'],
  [
    'docker configured, both',
    { config: { runtime: 'docker' }, packageJsonText: '{}', dockerfilePresent: true },
    'docker',
  ],
  ['node configured, nothing', { config: { runtime: 'node' } }, 'node'],
])('detectRuntime: %s', (_, evidence, runtime) => {
  expect(detectRuntime({ ...nothing, ...evidence })).toEqual({ ok: true, runtime });
});

test('detectRuntime says what to add when there is nothing', () => {
  expect(detectRuntime(nothing)).toMatchObject({
    ok: false,
    problem: { code: 'runtime-not-detected', message: expect.stringContaining('expected package.json') },
  });
});

test('detectRuntime says so when docker is configured without a Dockerfile', () => {
  expect(detectRuntime({ ...nothing, config: { runtime: 'docker' }, packageJsonText: '{}' })).toMatchObject({
    ok: false,
    problem: { code: 'dockerfile-missing' },
  });
});
