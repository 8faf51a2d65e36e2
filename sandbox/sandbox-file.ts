import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** `sandbox.json`: what any Octokit, git, kubectl or psql client needs to drive the sandbox. Holds secrets: mode 0600. */
export interface SandboxFile {
  githubUrl: string;
  githubGraphqlUrl: string;
  gitUrl: string;
  userToken: string;
  appId: number;
  apiUrl: string;
  apiToken: string;
  gatewayUrl: string;
  kubeconfig: string;
  databaseUrl: string;
  /** Where `mcp-hosting host` keeps the access keys that it makes. */
  keysFile: string;
  /** `owner/name`. */
  deploymentsRepository: string;
  /** The variables that the bot was started with. */
  botEnvironment: Record<string, string>;
}

const NAME = 'sandbox.json';

/** Nothing runs any more that it could lead to. */
export async function removeSandboxFile(dataDir: string): Promise<void> {
  await rm(join(dataDir, NAME), { force: true });
}

/** Written whole or not at all. */
export async function writeSandboxFile(dataDir: string, file: SandboxFile): Promise<void> {
  const path = join(dataDir, NAME);
  await writeFile(`${path}.part`, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.part`, path);
}
