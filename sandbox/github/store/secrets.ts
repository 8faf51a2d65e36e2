import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readJson, writeJson } from './json-file.ts';

export interface Secrets {
  /** PKCS#1, as GitHub hands it out. */
  privateKeyPem: string;
  userToken: string;
}

/** Made at the first start and kept (file mode 0600), so that clients set up once stay valid over restarts. */
export function loadSecrets(dir: string): Secrets {
  const path = join(dir, 'secrets.json');
  const known = readJson<Secrets>(path);
  if (known) return known;
  const secrets = { privateKeyPem: generatePrivateKey(), userToken: newToken('ghp') };
  writeJson(path, secrets);
  return secrets;
}

/** A token in GitHub's form: `ghp_` a person's, `ghs_` an installation's or a workflow run's. */
export function newToken(prefix: 'ghp' | 'ghs'): string {
  return `${prefix}_${randomBytes(27).toString('base64url').replaceAll('-', 'a').replaceAll('_', 'b')}`;
}

function generatePrivateKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}
