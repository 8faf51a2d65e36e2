import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createGitHubPerson } from '../src/cli/github-person.ts';
import { type HostedDirectory, hostDirectory } from '../src/cli/host-directory.ts';
import { createHostingApi } from '../src/cli/hosting-api.ts';
import { keepKeysIn } from '../src/cli/kept-keys.ts';
import type { StageLines } from '../src/cli/stage-lines.ts';
import { parseRepositoryName } from '../src/domain/repository.ts';
import type { SandboxFile } from './sandbox-file.ts';

const HELLO = fileURLToPath(new URL('../examples/hello', import.meta.url));

/** Hosts `examples/hello` as the person of the sandbox, by what `mcp-hosting host` does. */
export function hostHello(file: SandboxFile, lines: StageLines): Promise<HostedDirectory> {
  const deploymentsRepository = parseRepositoryName(file.deploymentsRepository);
  if (!deploymentsRepository) throw new Error(`Cannot host: "${file.deploymentsRepository}" is not owner/name`);
  return hostDirectory(
    {
      directory: HELLO,
      private: false,
      merge: true,
      deploymentsRepository,
      githubToken: file.userToken,
      gitUrl: file.gitUrl.replace(/\/$/, ''),
      api: createHostingApi(file),
      github: createGitHubPerson({ githubUrl: file.githubUrl, token: file.userToken, sleep: delay }),
      keptKeys: keepKeysIn(file.keysFile),
      env: process.env,
    },
    lines,
  );
}
