import { expect, test } from '@jest/globals';
import { findEngineAddress } from '../../sandbox/docker/engine-address.ts';
import { askEngine, chooseApiVersion } from '../../sandbox/docker/engine-client.ts';

const nothing = () => false;

test.each([
  ['unix:///run/user/7/docker.sock', { kind: 'socket', path: '/run/user/7/docker.sock' }],
  ['tcp://127.0.0.1:2375', { kind: 'http', origin: 'http://127.0.0.1:2375' }],
  ['tcp://[::1]:2375', { kind: 'http', origin: 'http://[::1]:2375' }],
])('DOCKER_HOST %s is taken', (DOCKER_HOST, address) => {
  expect(findEngineAddress({ DOCKER_HOST }, nothing)).toEqual(address);
});

test.each(['ssh://you@elsewhere', 'tcp://10.0.0.7:2375', 'unix://docker.sock', 'tcp://localhost.example:2375'])(
  'DOCKER_HOST %s is refused: its ports would not be on this machine',
  (DOCKER_HOST) => {
    expect(() => findEngineAddress({ DOCKER_HOST }, nothing)).toThrow(
      expect.objectContaining({ code: 'engine-address', message: expect.stringContaining(DOCKER_HOST) }),
    );
  },
);

test('Without DOCKER_HOST the first usual socket that is there counts', () => {
  const env = { HOME: '/home/kim', XDG_RUNTIME_DIR: '/run/user/7' };
  const present = (...paths: string[]) => findEngineAddress(env, (path) => paths.includes(path));

  expect(present('/var/run/docker.sock', '/run/user/7/docker.sock')).toEqual({
    kind: 'socket',
    path: '/var/run/docker.sock',
  });
  expect(present('/run/user/7/docker.sock')).toEqual({ kind: 'socket', path: '/run/user/7/docker.sock' });
  expect(present('/home/kim/.docker/run/docker.sock')).toMatchObject({ path: '/home/kim/.docker/run/docker.sock' });
  expect(present()).toBeUndefined();
});

test('An address at which nothing listens is no engine', async () => {
  expect(await askEngine({ kind: 'socket', path: '/nonexistent/docker.sock' }, 1_000)).toBeUndefined();
});

test.each([
  ['1.12', '1.41', '1.41'],
  ['1.24', '1.51', '1.43'],
  ['1.44', '1.52', '1.44'],
  ['1.12', '1.39', undefined],
  ['1.12', '2.0', '1.43'],
])('An engine that speaks %s to %s is spoken to in %s', (oldest, newest, spoken) => {
  expect(chooseApiVersion({ oldest, newest })).toBe(spoken);
});
