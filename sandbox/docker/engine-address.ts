import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../src/domain/user-error.ts';

/** Where an Engine API listens. */
export type EngineAddress = { kind: 'socket'; path: string } | { kind: 'http'; origin: string };

/**
 * `DOCKER_HOST` as the docker command reads it, or the first of the usual sockets that is there: the system's, that of
 * a rootless engine, that of Docker Desktop.
 *
 * @returns undefined where neither names one
 * @throws UserError `engine-address` for an engine on another machine: containers publish their ports on its loopback
 */
export function findEngineAddress(
  env: Readonly<Record<string, string | undefined>>,
  isThere: (path: string) => boolean = existsSync,
): EngineAddress | undefined {
  if (env.DOCKER_HOST) return parseEngineAddress(env.DOCKER_HOST);
  const candidates = [
    '/var/run/docker.sock',
    env.XDG_RUNTIME_DIR && join(env.XDG_RUNTIME_DIR, 'docker.sock'),
    env.HOME && join(env.HOME, '.docker/run/docker.sock'),
  ];
  const path = candidates.find((candidate) => candidate && isThere(candidate));
  return path ? { kind: 'socket', path } : undefined;
}

/** @throws UserError `engine-address` */
function parseEngineAddress(text: string): EngineAddress {
  const socket = /^unix:\/\/(\/.+)$/.exec(text)?.[1];
  if (socket) return { kind: 'socket', path: socket };
  const tcp = /^(?:tcp|http):\/\/((?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5})\/?$/.exec(text)?.[1];
  if (tcp) return { kind: 'http', origin: `http://${tcp}` };
  throw new UserError(
    'engine-address',
    `Cannot use Docker Engine "${text}": expected unix:///path or tcp:// with a loopback address`,
    'Set DOCKER_HOST to an engine of this machine, or take --engine none.',
  );
}

/** As `DOCKER_HOST` has it. */
export function showEngineAddress(address: EngineAddress): string {
  return address.kind === 'socket' ? `unix://${address.path}` : address.origin.replace(/^http/, 'tcp');
}
