import { deploymentBranch } from '../../domain/branch-names.ts';
import { fullName, type RepositoryName } from '../../domain/repository.ts';
import type { Snapshots, SourceSnapshot } from '../../ports/github.ts';
import { READ_DEPLOYMENTS } from './documents/deployments-repository.ts';
import { READ_BOTH } from './documents/read-both.ts';
import { READ_COMMIT_FILES } from './documents/read-commit-files.ts';
import { READ_SOURCE } from './documents/source-repository.ts';
import type { GitHubClient, GraphqlRequest } from './github-client.ts';
import { type GraphqlProblem, kindOfProblem } from './graphql-problem.ts';
import type { InstallationIds } from './installation-ids.ts';
import { mapGraphqlProblems } from './map-github-error.ts';
import { type DeploymentsAnswer, type DeploymentsRead, parseDeployments } from './parse-deployments.ts';
import { type CommitFilesAnswer, parseSource, type SourceAnswer } from './parse-source.ts';

export interface SnapshotReader extends Snapshots {
  readDeployments(serverId: string): Promise<DeploymentsRead>;
}

interface SnapshotOptions {
  client: GitHubClient;
  installations: InstallationIds;
  deploymentsRepository: RepositoryName;
}

interface SourceQuery {
  installationId: number;
  repository: RepositoryName;
  issue?: number;
}

export function createSnapshots(options: SnapshotOptions): SnapshotReader {
  const { client, installations, deploymentsRepository } = options;

  async function readDeployments(installationId: number, serverId: string | undefined): Promise<DeploymentsRead> {
    const answer = await query<{ deployments: DeploymentsAnswer | null }>(client, installationId, {
      document: READ_DEPLOYMENTS,
      variables: deploymentsVariables(deploymentsRepository, serverId),
      action: `read "${fullName(deploymentsRepository)}"`,
    });
    return parseDeployments(present(answer.deployments, deploymentsRepository), deploymentsRepository, installationId);
  }

  async function readSource(source: SourceQuery): Promise<SourceSnapshot> {
    const answer = await query<{ source: SourceAnswer | null }>(client, source.installationId, {
      document: READ_SOURCE,
      variables: sourceVariables(source),
      action: `read "${fullName(source.repository)}"`,
    });
    return toSource(client, source, answer.source);
  }

  return {
    async readBoth({ serverId, ...source }) {
      installations.learn(source.repository, source.installationId);
      const installationId = await installations.require(deploymentsRepository);
      if (installationId !== source.installationId) {
        return { source: await readSource(source), deployments: await readDeployments(installationId, serverId) };
      }
      const answer = await query<{ source: SourceAnswer | null; deployments: DeploymentsAnswer | null }>(
        client,
        installationId,
        {
          document: READ_BOTH,
          variables: { ...sourceVariables(source), ...deploymentsVariables(deploymentsRepository, serverId) },
          action: `read "${fullName(source.repository)}" and "${fullName(deploymentsRepository)}"`,
        },
      );
      const deployments = present(answer.deployments, deploymentsRepository);
      return {
        source: await toSource(client, source, answer.source),
        deployments: parseDeployments(deployments, deploymentsRepository, installationId),
      };
    },
    async readDeployments(serverId) {
      return readDeployments(await installations.require(deploymentsRepository), serverId);
    },
  };
}

function sourceVariables({ repository, issue }: SourceQuery): Record<string, unknown> {
  return { owner: repository.owner, name: repository.name, issue: issue ?? 0, withIssue: issue !== undefined };
}

/** Without a server id its parts of the document are left out; their variables still need a value. */
function deploymentsVariables(repository: RepositoryName, serverId: string | undefined): Record<string, unknown> {
  const branch = deploymentBranch(serverId ?? '');
  return {
    deploymentsOwner: repository.owner,
    deploymentsName: repository.name,
    withServer: serverId !== undefined,
    overlayPath: `servers/${serverId ?? ''}`,
    branchRef: `refs/heads/${branch}`,
    branch,
  };
}

async function toSource(
  client: GitHubClient,
  query: SourceQuery,
  answer: SourceAnswer | null,
): Promise<SourceSnapshot> {
  const { repository, installationId } = query;
  return parseSource(present(answer, repository), repository, (oid) =>
    readCommitFiles(client, installationId, repository, oid),
  );
}

async function readCommitFiles(
  client: GitHubClient,
  installationId: number,
  repository: RepositoryName,
  oid: string,
): Promise<CommitFilesAnswer | null> {
  const answer = await query<{ repository: { object: Partial<CommitFilesAnswer> | null } | null }>(
    client,
    installationId,
    {
      document: READ_COMMIT_FILES,
      variables: { owner: repository.owner, name: repository.name, oid },
      action: `read commit ${oid} of "${fullName(repository)}"`,
    },
  );
  const commit = answer.repository?.object;
  return commit?.oid ? (commit as CommitFilesAnswer) : null;
}

/** A read is whole or it is an error, but what is simply not there (an issue, a file) reads as null. */
async function query<Data>(client: GitHubClient, installationId: number, request: GraphqlRequest): Promise<Data> {
  const { data, problems } = await client.graphql<Data>(installationId, request);
  const serious = problems.filter((problem) => !isAbsence(problem));
  if (serious.length > 0) throw mapGraphqlProblems(serious, request.action);
  return data;
}

function isAbsence(problem: GraphqlProblem): boolean {
  return kindOfProblem(problem) === 'gone';
}

function present<Answer>(answer: Answer | null, repository: RepositoryName): Answer {
  if (answer !== null) return answer;
  throw mapGraphqlProblems([{ type: 'NOT_FOUND', message: 'not found' }], `read "${fullName(repository)}"`);
}
