import { isImageRepository, parseImage } from '../registry-address.ts';
import type { OverlayRules } from './overlay-rules.ts';

/** Why an image may not run; undefined where it may. */
export function imageRefusal(
  image: unknown,
  { registries }: Pick<OverlayRules, 'registries'>,
): { state: string; expected: string } | undefined {
  const { repository, digest } = (typeof image === 'string' && parseImage(image)) || {};
  // A tag may be moved to another image; a digest may not.
  if (!repository || !digest || !isImageRepository(repository)) {
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
