import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitHubSandbox } from './github/github-server.ts';
import { keepSecret } from './keep-secret.ts';
import type { SandboxPorts } from './settings.ts';
import { DEPLOYMENTS_REPOSITORY } from './start-forge.ts';

/** The bot's variables (`docs/configuration.md`), pointing at the sandbox's parts. */
export async function botEnvironment(
  dataDir: string,
  ports: SandboxPorts,
  parts: {
    github: GitHubSandbox;
    kubernetes: { kubeconfigPath: string };
    databaseUrl: string;
    /** Registry that images are named after; absent: GitHub's, which the sandbox stands for. */
    registry?: string | undefined;
  },
): Promise<Record<string, string>> {
  const keyPath = join(dataDir, 'app.private-key.pem');
  await writeFile(keyPath, parts.github.privateKeyPem, { mode: 0o600 });
  await chmod(keyPath, 0o600);
  return {
    HOST: '127.0.0.1',
    PORT: String(ports.bot),
    LOG_LEVEL: 'debug',
    APP_ID: String(parts.github.appId),
    PRIVATE_KEY_PATH: keyPath,
    WEBHOOK_SECRET: keepSecret(join(dataDir, 'webhook-secret')),
    GITHUB_API_URL: parts.github.url,
    DATABASE_URL: parts.databaseUrl,
    DEPLOYMENTS_REPOSITORY,
    ENDPOINT_URL: `http://{server-id}.localhost:${ports.gateway}/mcp`,
    KUBECONFIG: parts.kubernetes.kubeconfigPath,
    ...(parts.registry === undefined ? {} : { IMAGE_REPOSITORY: `${parts.registry}/{owner}/mcp-servers` }),
  };
}
