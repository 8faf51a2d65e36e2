import { readFileSync } from 'node:fs';
import { createTokenClient } from '../adapters/github/create-token-client.ts';
import { createGitHubClient, type GitHubClient } from '../adapters/github/github-client.ts';
import { createInstallationIds } from '../adapters/github/installation-ids.ts';
import { parseAppCredentials } from '../config.ts';
import type { RepositoryName } from '../domain/repository.ts';
import { UserError } from '../domain/user-error.ts';
import type { CliSettings } from './settings.ts';

/** GitHub itself ends a request after 10 seconds; a commit of the whole scaffold through a slow proxy takes longer. */
const REQUEST_MS_MAX = 60_000;

const silent = () => undefined;
const SILENT_LOG = { debug: silent, info: silent, warn: silent, error: silent };

/**
 * GitHub with a person's token (GITHUB_TOKEN), else as the App (APP_ID with PRIVATE_KEY or PRIVATE_KEY_PATH).
 * @throws UserError `settings-missing` without either, `app-not-installed`
 */
export async function connectRepository(
  env: NodeJS.ProcessEnv,
  settings: CliSettings,
  repository: RepositoryName,
): Promise<{ client: GitHubClient; installationId: number }> {
  const { githubUrl: apiUrl, githubToken: token } = settings;
  if (token)
    return { client: createTokenClient({ token, apiUrl, requestTimeoutMs: REQUEST_MS_MAX }), installationId: 0 };
  const credentials = parseAppCredentials(env, (path) => readFileSync(path, 'utf8'));
  if (!credentials.ok) throw missing(credentials.problems);
  const { appId, privateKey } = credentials;
  const client = createGitHubClient({ appId, privateKey, apiUrl, requestTimeoutMs: REQUEST_MS_MAX, log: SILENT_LOG });
  return { client, installationId: await createInstallationIds(client).require(repository) };
}

function missing(problems: readonly string[]): UserError {
  return new UserError(
    'settings-missing',
    `Cannot reach GitHub: GITHUB_TOKEN is not set, and the App cannot be used either (${problems.join(' ')}), expected one of both`,
    'Set GITHUB_TOKEN (scopes `repo` and `workflow`), or APP_ID and PRIVATE_KEY_PATH; or write to a folder with --output.',
  );
}
