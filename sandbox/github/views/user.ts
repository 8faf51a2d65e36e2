import type { Hub } from '../hub.ts';
import type { Account } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';

/** GitHub's `simple-user`. */
export function viewUser(hub: Hub, account: Account) {
  const api = `${hub.url}/users/${encodeURIComponent(account.login)}`;
  const slug = account.login.replace('[bot]', '');
  return {
    login: account.login,
    id: account.id,
    node_id: accountNodeId(account),
    avatar_url: `${hub.url}/avatars/${account.id}`,
    gravatar_id: '',
    url: api,
    html_url: account.type === 'Bot' ? `${hub.url}/apps/${slug}` : `${hub.url}/${account.login}`,
    followers_url: `${api}/followers`,
    following_url: `${api}/following{/other_user}`,
    gists_url: `${api}/gists{/gist_id}`,
    starred_url: `${api}/starred{/owner}{/repo}`,
    subscriptions_url: `${api}/subscriptions`,
    organizations_url: `${api}/orgs`,
    repos_url: `${api}/repos`,
    events_url: `${api}/events{/privacy}`,
    received_events_url: `${api}/received_events`,
    type: account.type,
    user_view_type: 'public',
    site_admin: false,
  };
}

/** GitHub's `public-user`. */
export function viewPublicUser(hub: Hub, account: Account) {
  const repositories = [...hub.store.repositories.values()].filter((one) => one.ownerId === account.id);
  return {
    ...viewUser(hub, account),
    name: account.name,
    company: null,
    blog: '',
    location: null,
    email: null,
    hireable: null,
    bio: null,
    public_repos: repositories.filter((one) => !one.private).length,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: account.createdAt,
    updated_at: account.createdAt,
  };
}

export function accountNodeId(account: Account): string {
  return nodeId(account.type, account.id);
}
