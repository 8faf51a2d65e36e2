import type { OverlayRules } from './overlay-rules.ts';

/** `host[:port]/path`, perhaps with a tag, then the digest. A tag may be moved to another image; a digest may not. */
const PINNED_IMAGE =
  /^([a-z0-9][a-z0-9.-]*(?::[0-9]{1,5})?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+)(?::[\w][\w.-]{0,127})?@sha256:[0-9a-f]{64}$/;

/** Why an image may not run; undefined where it may. */
export function imageRefusal(
  image: unknown,
  { registries }: Pick<OverlayRules, 'registries'>,
): { state: string; expected: string } | undefined {
  const repository = PINNED_IMAGE.exec(typeof image === 'string' ? image : '')?.[1];
  if (repository === undefined) {
    return {
      state: 'the image is not named by its digest',
      expected: 'HOST/NAME@sha256:…, or a digest under images in kustomization.yaml',
    };
  }
  if (registries.some((allowed) => repository === allowed || repository.startsWith(`${allowed}/`))) return undefined;
  const [host] = repository.split('/');
  return {
    state: `the image comes from ${host}, from a repository that is not allowed`,
    expected: `one below ${registries.join(' or ')}`,
  };
}
