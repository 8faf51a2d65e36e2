import { mkdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ObjectStore } from '../store/object-store.ts';
import { startApplicationController } from './application-controller.ts';
import { startApplicationSetController } from './application-set-controller.ts';
import { createGitPoller } from './git-poller.ts';
import { receivePushWebhook } from './push-webhook.ts';

export interface ArgoCd {
  receivePush(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

/** Argo CD's two controllers over one set of git mirrors, which live in `dir`. */
export function startArgoCd(options: {
  store: ObjectStore;
  dir: string;
  pollMs: number;
  now: () => Date;
  log: (line: string) => void;
}): ArgoCd {
  const { store, now, log } = options;
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const git = createGitPoller({
    store,
    dir: options.dir,
    pollMs: options.pollMs,
    onChange(url) {
      applicationSets.onRepositoryChange(url);
      applications.onRepositoryChange(url);
    },
    log,
  });
  const applicationSets = startApplicationSetController({ store, git, now, log });
  const applications = startApplicationController({ store, git, now, log });
  return {
    receivePush: (request, response) => receivePushWebhook(git, { request, response, log }),
    async close() {
      await Promise.all([applicationSets.close(), applications.close(), git.close()]);
    },
  };
}
