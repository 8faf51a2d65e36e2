import { readFileSync } from 'node:fs';
import { fullName, type RepositoryName } from './domain/repository.ts';

/** Where the build workflow stands in a server repository. */
const WORKFLOW_PATH = '.github/workflows/mcp-hosting.yml';

/** The files that make a repository a server repository, by path: the thin build workflow. */
export function readSetupFiles(deploymentsRepository: RepositoryName): Record<string, string> {
  const template = readFileSync(new URL('../templates/mcp-hosting.yml', import.meta.url), 'utf8');
  return { [WORKFLOW_PATH]: template.replaceAll('__DEPLOYMENTS_REPOSITORY__', fullName(deploymentsRepository)) };
}
