import { permissionFlags } from '../access/roles.ts';
import { type Hub, ownerOf } from '../hub.ts';
import type { Repository, Role } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';
import { viewUser } from './user.ts';

/** Addresses below a repository's API URL, by field name, as RFC 6570 templates. */
const URLS: Record<string, string> = {
  archive_url: '/{archive_format}{/ref}',
  assignees_url: '/assignees{/user}',
  blobs_url: '/git/blobs{/sha}',
  branches_url: '/branches{/branch}',
  collaborators_url: '/collaborators{/collaborator}',
  comments_url: '/comments{/number}',
  commits_url: '/commits{/sha}',
  compare_url: '/compare/{base}...{head}',
  contents_url: '/contents/{+path}',
  contributors_url: '/contributors',
  deployments_url: '/deployments',
  downloads_url: '/downloads',
  events_url: '/events',
  forks_url: '/forks',
  git_commits_url: '/git/commits{/sha}',
  git_refs_url: '/git/refs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  hooks_url: '/hooks',
  issue_comment_url: '/issues/comments{/number}',
  issue_events_url: '/issues/events{/number}',
  issues_url: '/issues{/number}',
  keys_url: '/keys{/key_id}',
  labels_url: '/labels{/name}',
  languages_url: '/languages',
  merges_url: '/merges',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  pulls_url: '/pulls{/number}',
  releases_url: '/releases{/id}',
  stargazers_url: '/stargazers',
  statuses_url: '/statuses/{sha}',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  tags_url: '/tags',
  teams_url: '/teams',
  trees_url: '/git/trees{/sha}',
};

export function repositoryUrl(hub: Hub, repository: Repository): string {
  return `${hub.url}/repos/${ownerOf(hub, repository).login}/${repository.name}`;
}

export function repositoryHtmlUrl(hub: Hub, repository: Repository): string {
  return `${hub.url}/${ownerOf(hub, repository).login}/${repository.name}`;
}

/** GitHub's `minimal-repository`, which runs carry. */
export function viewMinimalRepository(hub: Hub, repository: Repository) {
  const owner = ownerOf(hub, repository);
  const api = repositoryUrl(hub, repository);
  return {
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: `${owner.login}/${repository.name}`,
    private: repository.private,
    owner: viewUser(hub, owner),
    html_url: repositoryHtmlUrl(hub, repository),
    description: repository.description,
    fork: repository.parentId !== null,
    url: api,
    ...Object.fromEntries(Object.entries(URLS).map(([field, path]) => [field, `${api}${path}`])),
  };
}

/** GitHub's `repository`. */
export function viewRepository(hub: Hub, repository: Repository, role?: Role) {
  const html = repositoryHtmlUrl(hub, repository);
  const openIssues = repository.issues.filter((issue) => issue.state === 'open').length;
  const forks = [...hub.store.repositories.values()].filter((one) => one.parentId === repository.id).length;
  return {
    ...viewMinimalRepository(hub, repository),
    git_url: html.replace(/^https?/, 'git'),
    ssh_url: html.replace(/^https?/, 'ssh'),
    clone_url: `${html}.git`,
    svn_url: html,
    mirror_url: null,
    homepage: null,
    language: null,
    forks_count: forks,
    forks,
    stargazers_count: 0,
    watchers_count: 0,
    watchers: 0,
    size: 0,
    default_branch: repository.defaultBranch,
    open_issues_count: openIssues,
    open_issues: openIssues,
    is_template: false,
    topics: [],
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_downloads: true,
    has_discussions: false,
    archived: repository.archived,
    disabled: false,
    visibility: repository.private ? 'private' : 'public',
    pushed_at: repository.pushedAt,
    created_at: repository.createdAt,
    updated_at: repository.updatedAt,
    license: null,
    allow_forking: true,
    web_commit_signoff_required: false,
    ...(role === undefined ? {} : { permissions: permissionFlags(role) }),
  };
}

/** GitHub's `full-repository`. */
export function viewFullRepository(hub: Hub, repository: Repository, role?: Role) {
  const parent = repository.parentId === null ? undefined : hub.store.repositories.get(repository.parentId);
  const owner = ownerOf(hub, repository);
  return {
    ...viewRepository(hub, repository, role),
    network_count: 0,
    subscribers_count: 0,
    allow_rebase_merge: false,
    allow_squash_merge: true,
    allow_merge_commit: true,
    allow_auto_merge: false,
    delete_branch_on_merge: false,
    ...(owner.type === 'Organization' ? { organization: viewUser(hub, owner) } : {}),
    ...(parent ? { parent: viewRepository(hub, parent), source: viewRepository(hub, parent) } : {}),
  };
}
