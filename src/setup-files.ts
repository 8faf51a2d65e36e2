import { readFileSync } from 'node:fs';
import { fullName, type RepositoryName } from './domain/repository.ts';

/** Where the build workflow stands in a server repository. */
const WORKFLOW_PATH = '.github/workflows/mcp-hosting.yml';

/**
 * The files that make a repository a server repository, by path: the thin build workflow.
 * @param branch the deployments repository's default branch, where the workflow stands that decides how to build
 */
export function readSetupFiles(deploymentsRepository: RepositoryName, branch: string): Record<string, string> {
  const template = readFileSync(new URL('../templates/mcp-hosting.yml', import.meta.url), 'utf8');
  const workflow = template
    .replaceAll('__DEPLOYMENTS_REPOSITORY__', () => fullName(deploymentsRepository))
    .replaceAll('__DEPLOYMENTS_BRANCH__', () => branch);
  return { [WORKFLOW_PATH]: workflow };
}
