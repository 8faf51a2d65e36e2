import { parseImageReference } from '../images/image-reference.ts';

export interface MirroredReference {
  /** Name inside of the registry, without its address. */
  repository: string;
  /** `sha256:…` or a tag. */
  version: string;
  /** As the engine pulls and pushes it. */
  reference: string;
}

/**
 * Where the registry of this machine keeps an image that manifests know by another registry's name, as containerd's
 * `hosts.toml` maps one registry to another. The registry's name becomes the first part of the path, so that two
 * registries never meet. What is named after this registry itself is there under its own path.
 *
 * @param registry address such as `127.0.0.1:5000`
 * @returns undefined where the text is no image reference
 */
export function mirrorReference(text: string, registry: string): MirroredReference | undefined {
  const parsed = parseImageReference(text);
  if (!parsed) return undefined;
  const repository = parsed.name.startsWith(`${registry}/`)
    ? parsed.name.slice(registry.length + 1)
    : fullName(parsed.name).replaceAll(':', '_');
  const version = parsed.digest ?? parsed.tag;
  const separator = parsed.digest ? '@' : ':';
  return { repository, version, reference: `${registry}/${repository}${separator}${version}` };
}

/** The first part names a registry where it looks like a host; otherwise Docker Hub is meant. */
function fullName(name: string): string {
  const [first = '', ...others] = name.split('/');
  if (others.length > 0 && (/[.:]/.test(first) || first === 'localhost')) return name;
  return others.length > 0 ? `docker.io/${name}` : `docker.io/library/${name}`;
}
