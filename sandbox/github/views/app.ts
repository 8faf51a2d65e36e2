import type { Hub } from '../hub.ts';
import type { Installation } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';
import { viewUser } from './user.ts';

/** GitHub's `integration`. */
export function viewApp(hub: Hub) {
  const { app } = hub;
  return {
    id: app.id,
    client_id: `Iv23li${app.id}`,
    slug: app.slug,
    node_id: nodeId('App', app.id),
    owner: viewUser(hub, hub.store.account(app.ownerId)),
    name: app.name,
    description: null,
    external_url: hub.url,
    html_url: `${hub.url}/apps/${app.slug}`,
    created_at: app.createdAt,
    updated_at: app.createdAt,
    permissions: app.permissions,
    events: app.events,
    installations_count: hub.store.installations.length,
  };
}

export function viewInstallation(hub: Hub, installation: Installation) {
  const account = hub.store.account(installation.accountId);
  return {
    id: installation.id,
    client_id: `Iv23li${hub.app.id}`,
    account: viewUser(hub, account),
    repository_selection: 'all',
    access_tokens_url: `${hub.url}/app/installations/${installation.id}/access_tokens`,
    repositories_url: `${hub.url}/installation/repositories`,
    html_url: `${hub.url}/organizations/${account.login}/settings/installations/${installation.id}`,
    app_id: hub.app.id,
    app_slug: hub.app.slug,
    target_id: account.id,
    target_type: account.type,
    permissions: installation.permissions,
    events: hub.app.events,
    created_at: installation.createdAt,
    updated_at: installation.createdAt,
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: null,
    suspended_at: null,
  };
}
