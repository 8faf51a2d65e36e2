import { need } from '../access/authorize.ts';
import { invalidField, notFound } from '../github-error.ts';
import type { Hook } from '../store/entities.ts';
import { repositoryUrl } from '../views/repository.ts';
import { emitPing } from '../webhooks/events.ts';
import { readFields, readFlag, readText, readTexts } from './fields.ts';
import { listDeliveries } from './hook-deliveries.ts';
import { paged } from './paging.ts';
import {
  idParam,
  json,
  noContent,
  type RepositoryCall,
  type RestAnswer,
  type Routes,
  repositoryRoute,
  senderOf,
} from './route.ts';

const READ = need('admin', 'repository_hooks:read');
const WRITE = need('admin', 'repository_hooks:write');

export const hookRoutes: Routes = {
  'POST /repos/{owner}/{repo}/hooks': repositoryRoute(WRITE, create),
  'GET /repos/{owner}/{repo}/hooks': repositoryRoute(READ, (call) => {
    return paged(call, call.repository.hooks, (hook) => viewHook(call, hook));
  }),
  'GET /repos/{owner}/{repo}/hooks/{hook_id}': repositoryRoute(READ, (call) => json(viewHook(call, hookParam(call)))),
  'DELETE /repos/{owner}/{repo}/hooks/{hook_id}': repositoryRoute(WRITE, (call) => {
    const hook = hookParam(call);
    call.repository.hooks = call.repository.hooks.filter((one) => one !== hook);
    call.hub.store.touch(call.repository);
    return noContent();
  }),
  'GET /repos/{owner}/{repo}/hooks/{hook_id}/deliveries': repositoryRoute(READ, (call) => {
    return listDeliveries(call, hookParam(call).id);
  }),
};

function create(call: RepositoryCall): RestAnswer {
  const { hub, repository, body } = call;
  const config = readFields(body, 'config') ?? {};
  const url = readText(config, 'url') ?? '';
  if (!URL.canParse(url)) throw invalidField('Hook', 'url', 'url is missing or invalid');
  const events = readTexts(body, 'events') ?? ['push'];
  const exists = repository.hooks.some((hook) => hook.url === url && sameEvents(hook.events, events));
  if (exists) throw invalidField('Hook', 'config', 'Hook already exists on this repository');
  const now = hub.now();
  const hook: Hook = {
    id: hub.store.nextId(),
    url,
    contentType: readText(config, 'content_type') === 'json' ? 'json' : 'form',
    secret: readText(config, 'secret') ?? null,
    events,
    active: readFlag(body, 'active') ?? true,
    createdAt: now,
    updatedAt: now,
  };
  repository.hooks.push(hook);
  hub.store.touch(repository);
  emitPing(hub, { repository, sender: senderOf(call) }, { id: hook.id, view: viewHook(call, hook) });
  return json(viewHook(call, hook), 201);
}

function sameEvents(one: string[], other: string[]): boolean {
  return [...one].sort().join() === [...other].sort().join();
}

function hookParam(call: RepositoryCall): Hook {
  const id = idParam(call, 'hook_id');
  const hook = call.repository.hooks.find((one) => one.id === id);
  if (!hook) throw notFound();
  return hook;
}

function viewHook(call: RepositoryCall, hook: Hook) {
  const api = `${repositoryUrl(call.hub, call.repository)}/hooks/${hook.id}`;
  return {
    type: 'Repository',
    id: hook.id,
    name: 'web',
    active: hook.active,
    events: hook.events,
    config: {
      content_type: hook.contentType,
      insecure_ssl: '0',
      url: hook.url,
      ...(hook.secret === null ? {} : { secret: '********' }),
    },
    updated_at: hook.updatedAt,
    created_at: hook.createdAt,
    url: api,
    test_url: `${api}/test`,
    ping_url: `${api}/pings`,
    deliveries_url: `${api}/deliveries`,
    last_response: { code: null, status: 'unused', message: null },
  };
}
