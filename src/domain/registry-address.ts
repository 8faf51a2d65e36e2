const HOST_CHARS_MAX = 253;
const PORT_MAX = 65_535;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const PATH_PART = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;

/**
 * Whether a text is the address of a registry or of what lies in one: a host, perhaps a port, perhaps a path, as image
 * references have them (distribution/reference), with the host in lower case.
 */
export function isRegistryAddress(text: string): boolean {
  const [place = '', ...path] = text.split('/');
  const [host = '', port, ...rest] = place.split(':');
  return rest.length === 0 && isHost(host) && isPort(port) && path.every((part) => PATH_PART.test(part));
}

/**
 * As `isRegistryAddress`, with a host that container runtimes take for one: of a single word without a port, such as
 * `ghcr`, they make a person's images on Docker Hub.
 */
export function isFullRegistryAddress(text: string): boolean {
  const [place = ''] = text.split('/');
  return isRegistryAddress(text) && (/[.:]/.test(place) || place === 'localhost');
}

/** As `isRegistryAddress`, of an image without tag and digest: it has a path. */
export function isImageRepository(text: string): boolean {
  return text.includes('/') && isRegistryAddress(text);
}

/**
 * An image reference: `repository[:tag][@digest]`. A colon before the last slash belongs to the registry's port.
 * @returns undefined where it is none, or its digest is of another kind than SHA-256
 */
export function parseImage(text: string): { repository: string; tag?: string; digest?: string } | undefined {
  const match =
    /^(?<repository>[^@]+?)(?::(?<tag>[A-Za-z0-9_][\w.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/.exec(text);
  const { repository = '', tag, digest } = match?.groups ?? {};
  if (!isRegistryAddress(repository)) return undefined;
  return { repository, ...(tag ? { tag } : {}), ...(digest ? { digest } : {}) };
}

function isHost(text: string): boolean {
  return text.length <= HOST_CHARS_MAX && text.split('.').every((label) => LABEL.test(label));
}

function isPort(text: string | undefined): boolean {
  return text === undefined || (/^[1-9][0-9]{0,4}$/.test(text) && Number(text) <= PORT_MAX);
}
