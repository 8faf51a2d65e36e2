import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Actor, accountOf, readActor } from '../access/actor.ts';
import { authorize, need } from '../access/authorize.ts';
import { collectGit, streamGit } from '../git/http-backend.ts';
import { GitHubError } from '../github-error.ts';
import { gitDirOf, type Hub } from '../hub.ts';
import { changeRefs } from '../model/ref-changes.ts';

const GIT_PATH = /^\/([^/]+)\/([^/]+?)(?:\.git)?(\/info\/refs|\/git-upload-pack|\/git-receive-pack)$/;

export function isGitPath(path: string): boolean {
  return GIT_PATH.test(path);
}

/** git's smart HTTP: `<url>/<owner>/<name>.git`. */
export async function answerGit(
  hub: Hub,
  url: URL,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    const [, owner = '', name = '', service = ''] = GIT_PATH.exec(url.pathname) ?? [];
    const writing = service === '/git-receive-pack' || url.searchParams.get('service') === 'git-receive-pack';
    const actor = await readActor(hub, incoming.headers.authorization);
    const repository = requireRepository(hub, actor, { owner, name, writing });
    const account = accountOf(hub, actor);
    const dir = gitDirOf(hub, repository);
    const request = { dir, service, query: url.search.slice(1), login: account?.login ?? null };
    if (service !== '/git-receive-pack' || !account) return await streamGit(request, incoming, outgoing);
    const send = await changeRefs(hub, repository, account, () => collectGit(request, incoming, outgoing));
    send();
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error;
    refuse(outgoing, error);
  }
}

function requireRepository(hub: Hub, actor: Actor, wanted: { owner: string; name: string; writing: boolean }) {
  const repository = hub.store.repositoryByName(wanted.owner, wanted.name);
  try {
    if (!repository) throw new GitHubError('NOT_FOUND', 'Repository not found.');
    const needed = wanted.writing ? need('write', 'contents:write') : need('read', 'contents:read');
    authorize(hub, repository, actor, needed);
    return repository;
  } catch (error) {
    // Without credentials git is asked for some, whether the repository is there or not.
    if (actor.kind === 'anonymous') throw new GitHubError('UNAUTHENTICATED', 'Authentication required.');
    throw error;
  }
}

function refuse(outgoing: ServerResponse, error: GitHubError): void {
  const challenge = error.status === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {};
  outgoing.writeHead(error.status, { 'content-type': 'text/plain', ...challenge }).end(`${error.message}\n`);
}
