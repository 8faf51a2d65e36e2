import { basename } from 'node:path';

/** Names that hold credentials by convention. Examples and templates of them are harmless. */
const SECRET_NAMES: readonly RegExp[] = [
  /^\.env(?:\..+)?$/i,
  /^\.(?:netrc|pgpass|git-credentials|pypirc|htpasswd|dockercfg)$/i,
  /^id_(?:rsa|dsa|ecdsa|ed25519)$/i,
  /\.(?:p12|pfx|jks|keystore|kdbx|ppk)$/i,
  /^(?:credentials|service[-_]?account.*|client_secret.*)\.json$/i,
  /^(?:secrets?)\.(?:json|ya?ml|toml|env)$/i,
];
const EXAMPLE_NAME = /\.(?:example|sample|template|dist|defaults?)$/i;

const SECRET_TEXTS: readonly RegExp[] = [
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\s+[A-Za-z0-9+/=]{20}/,
  /^\s*(?:\/\/[^\s=]+:)?_(?:authToken|password|auth)\s*=\s*(?!\$\{)\S+/m,
];

/** A key stands near the beginning of its file; the rest of a large file is not searched. */
export const SECRET_SEARCH_BYTES_MAX = 64 * 1024;

/** Whether a file looks like one that holds credentials, by its name or by how it begins. */
export function looksLikeSecret(path: string, beginning: string): boolean {
  const name = basename(path);
  if (EXAMPLE_NAME.test(name)) return false;
  return SECRET_NAMES.some((pattern) => pattern.test(name)) || SECRET_TEXTS.some((pattern) => pattern.test(beginning));
}
