import type { Hub } from '../hub.ts';
import type { Account } from '../store/entities.ts';
import { accountNodeId, viewUser } from '../views/user.ts';

/** `Actor` (User, Bot, Organization). A bot's login has no `[bot]` here, unlike in REST. */
export function accountNode(hub: Hub, account: Account) {
  const { html_url, avatar_url } = viewUser(hub, account);
  return {
    __typename: account.type,
    id: accountNodeId(account),
    databaseId: account.id,
    login: account.type === 'Bot' ? account.login.replace(/\[bot\]$/, '') : account.login,
    name: account.name,
    avatarUrl: avatar_url,
    url: html_url,
    resourcePath: new URL(html_url).pathname,
    createdAt: account.createdAt,
    updatedAt: account.createdAt,
    email: '',
    isViewer: false,
  };
}

/** `viewer` is always a User, even for an App, whose full login it then shows. */
export function viewerNode(hub: Hub, account: Account) {
  return { ...accountNode(hub, account), __typename: 'User', login: account.login, isViewer: true };
}

export function accountNodeById(hub: Hub, id: number | null) {
  return id === null ? null : accountNode(hub, hub.store.account(id));
}
