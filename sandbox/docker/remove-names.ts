import type { EngineClient } from './engine-client.ts';

/** Takes names off images. One that has no other name goes; what a container still uses stays. */
export async function removeNames(engine: EngineClient, prefix: string): Promise<void> {
  const { body } = await engine.request('GET', '/images/json');
  const images = body as { RepoTags: string[] | null; RepoDigests: string[] | null }[];
  const names = images.flatMap(({ RepoTags, RepoDigests }) => [...(RepoTags ?? []), ...(RepoDigests ?? [])]);
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    await engine.request('DELETE', `/images/${name}`, { query: { noprune: '1' }, accept: [404, 409] });
  }
}
