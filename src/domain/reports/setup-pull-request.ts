import { fullName, type RepositoryName } from '../repository.ts';
import { codeSpan, escapeMarkdown } from './escape-markdown.ts';

/** The pull request that adds the build workflow to a server repository which lacks it. */
export function renderSetupPullRequest(options: {
  repository: RepositoryName;
  serverName: string;
  deploymentsRepository: RepositoryName;
}): { title: string; body: string; commitMessage: string } {
  const title = 'Add the workflow that builds this MCP server';
  const deployments = codeSpan(fullName(options.deploymentsRepository), 140);
  const body = [
    `To host ${escapeMarkdown(options.serverName, 100)}, its image has to be built here, in ${codeSpan(fullName(options.repository), 140)}, by GitHub Actions. This adds the workflow for it: \`.github/workflows/mcp-hosting.yml\`.`,
    [
      '**What it may do**',
      '- It runs only when the hosting app starts it: no push and no pull request does.',
      `- It calls the build workflow of ${deployments}, which builds the commit and pushes the image to GitHub's container registry (\`packages: write\`).`,
      '- It reports the digest of the image back to the app (`contents: write`, which that event needs). It commits nothing.',
      '- It is given no other secret of this repository.',
    ].join('\n'),
    '**After the merge** hosting goes on by itself: the commit is built, and a deployment pull request is opened. Nobody need comment again. Closing this one cancels.',
  ].join('\n\n');
  return {
    title,
    body: `${body}\n`,
    commitMessage: `${title}\n\nIt is started by mcp-hosting alone, and reports the image's digest to it.\n`,
  };
}
