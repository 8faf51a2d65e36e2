import { parseImageReference } from '../images/image-reference.ts';
import type { EngineClient } from './engine-client.ts';
import { followProgress } from './follow-progress.ts';

/** Lets the engine pull an image from the registry that its name says. @returns what went wrong, undefined: it is there */
export async function pullImage(
  engine: EngineClient,
  reference: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const parsed = parseImageReference(reference);
  if (!parsed) return 'invalid reference format';
  try {
    const query = { fromImage: parsed.name, tag: parsed.digest ?? parsed.tag };
    const body = await engine.stream('POST', '/images/create', { query, signal });
    return (await followProgress(body, () => undefined)).error;
  } catch (error) {
    return signal.aborted ? 'it took too long or was given up' : (error as Error).message;
  }
}
