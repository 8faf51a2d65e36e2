import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Certificate, createSelfSignedCertificate } from './self-signed-certificate.ts';

export interface Credentials extends Certificate {
  token: string;
}

/** The same for the life of the data directory, so that a kubeconfig handed out stays good. */
export function loadCredentials(dataDir: string, now: Date): Credentials {
  const path = join(dataDir, 'credentials.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'));
  const credentials = { token: randomBytes(32).toString('base64url'), ...createSelfSignedCertificate(now) };
  writePrivateFile(path, JSON.stringify(credentials));
  return credentials;
}

/** @returns the path of a kubeconfig that kubectl and client libraries take as it is */
export function writeKubeconfig(dataDir: string, port: number, credentials: Credentials): string {
  const name = 'mcp-hosting-sandbox';
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    'certificate-authority-data': Buffer.from(credentials.certificatePem).toString('base64'),
  };
  const path = join(dataDir, 'kubeconfig');
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster }],
    users: [{ name, user: { token: credentials.token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
    'current-context': name,
  };
  writePrivateFile(path, stringify(content));
  return path;
}

function writePrivateFile(path: string, content: string): void {
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
