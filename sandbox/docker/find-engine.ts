import { UserError } from '../../src/domain/user-error.ts';
import { findEngineAddress, showEngineAddress } from './engine-address.ts';
import { askEngine, chooseApiVersion, createEngineClient, type EngineClient } from './engine-client.ts';

/** A Docker Engine that answers. */
export interface Engine {
  client: EngineClient;
  /** As `DOCKER_HOST` has it. */
  address: string;
  version: string;
}

/** An engine of this machine answers in milliseconds; one that is just starting is asked again by the person. */
const ANSWER_MS_MAX = 3_000;

/**
 * @param env `DOCKER_HOST`, and where the usual sockets are
 * @returns the engine of this machine, or a sentence that says why there is none
 * @throws UserError `engine-address`
 */
export async function findEngine(env: NodeJS.ProcessEnv): Promise<Engine | { missing: string }> {
  const address = findEngineAddress(env);
  if (!address) return { missing: 'DOCKER_HOST is not set and no Docker socket is there' };
  const shown = showEngineAddress(address);
  const answer = await askEngine(address, ANSWER_MS_MAX);
  if (!answer) return { missing: `nothing answers at ${shown} that this account may ask` };
  const apiVersion = chooseApiVersion(answer.api);
  if (!apiVersion) return { missing: `the engine at ${shown} is ${answer.version}, which is too old` };
  return { client: createEngineClient(address, apiVersion), address: shown, version: answer.version };
}

/** @throws UserError `engine-missing`, `engine-address` */
export async function requireEngine(env: NodeJS.ProcessEnv): Promise<Engine> {
  const found = await findEngine(env);
  if (!('missing' in found)) return found;
  throw new UserError(
    'engine-missing',
    `Cannot use Docker: ${found.missing}, expected a Docker Engine of this machine`,
    'Start Docker, or set DOCKER_HOST; without one, take --engine none (and --fresh where its state needs Docker).',
  );
}
