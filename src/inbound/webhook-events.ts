import { z } from 'zod';

/**
 * The parts of GitHub's webhook payloads that the bot reads. Other keys are dropped; a payload without these is refused.
 * Source: GitHub's webhook events and payloads, as in `@octokit/webhooks-examples`.
 */

const sha = z.string().regex(/^[0-9a-f]{40}$/);
const login = z.string().min(1).max(100);

const repository = z.object({
  id: z.number().int(),
  name: z.string().max(100),
  owner: z.object({ login }),
  default_branch: z.string().max(255),
});

const base = z.object({
  repository,
  installation: z.object({ id: z.number().int() }),
  sender: z.object({ login, type: z.string() }),
});

export const issueCommentEvent = base.extend({
  action: z.string(),
  issue: z.object({
    number: z.number().int(),
    pull_request: z.unknown().optional(),
    state: z.string().optional(),
  }),
  comment: z.object({
    id: z.number().int(),
    node_id: z.string().max(200),
    html_url: z.string().max(2000),
    created_at: z.string(),
    body: z.string(),
    user: z.object({ login, type: z.string() }),
  }),
});

export const pushEvent = base.extend({
  ref: z.string().max(1000),
  after: sha,
  deleted: z.boolean(),
  pusher: z.object({ name: z.string().max(200) }).optional(),
  commits: z
    .array(
      z.object({
        added: z.array(z.string()).optional(),
        modified: z.array(z.string()).optional(),
        removed: z.array(z.string()).optional(),
      }),
    )
    .optional(),
});

export const pullRequestEvent = base.extend({
  action: z.string(),
  number: z.number().int(),
  /** Of `dequeued`. */
  reason: z.string().max(100).optional(),
  /** Of `edited`: what was. */
  changes: z.object({ base: z.unknown().optional() }).optional(),
  pull_request: z.object({
    body: z.string().nullable(),
    merged: z.boolean().nullable().optional(),
    merge_commit_sha: sha.nullable().optional(),
    merged_by: z.object({ login }).nullable().optional(),
    updated_at: z.string(),
    head: z.object({ ref: z.string().max(255), sha, repo: z.object({ id: z.number().int() }).nullable() }),
  }),
});

export const mergeGroupEvent = base.extend({
  action: z.string(),
  merge_group: z.object({
    head_sha: sha,
    head_ref: z.string().max(1000),
    base_sha: sha,
    base_ref: z.string().max(1000),
  }),
});

export const checkRunEvent = base.extend({
  action: z.string(),
  check_run: z.object({ head_sha: sha, external_id: z.string().max(1000).nullable() }),
});

export const checkSuiteEvent = base.extend({
  action: z.string(),
  check_suite: z.object({ head_sha: sha, pull_requests: z.array(z.object({ number: z.number().int() })) }),
});

export const workflowRunEvent = base.extend({
  action: z.string(),
  workflow_run: z.object({
    id: z.number().int(),
    html_url: z.string().max(2000),
    conclusion: z.string().nullable(),
    event: z.string().max(100),
    display_title: z.string().max(1000).optional(),
  }),
});

export const repositoryDispatchEvent = base.extend({
  action: z.string().nullable(),
  client_payload: z.record(z.string(), z.unknown()).nullable(),
});

/** What the build's last step reports. */
export const buildReport = z.object({
  rollout: z.uuid(),
  run_id: z.coerce.number().int(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
});
