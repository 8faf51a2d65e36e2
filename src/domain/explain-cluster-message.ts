import type { RolloutFailure } from './rollout.ts';

/** Who is told, and where they look. */
export interface ClusterPlace {
  serverId: string;
  namespace: string;
}

type Cause = Pick<RolloutFailure, 'code' | 'message' | 'hint'>;

/** What the API server says when it turns something away; the words are its own (apiserver and admission plugins). */
const CAUSES: readonly { said: RegExp; explain: (message: string, place: ClusterPlace) => Cause }[] = [
  { said: /exceeded quota: /, explain: explainQuota },
  {
    said: /(?:maximum|minimum) (?:cpu|memory) usage per (?:Container|Pod) is /,
    explain: (message, { namespace }) => ({
      code: 'admission-denied',
      message: `The LimitRange of namespace \`${namespace}\` turns the pod away: ${shortenMessage(message)}`,
      hint: 'Ask for less under `resources` in `.mcp-hosting.yml`, or raise `max` in `base/limit-range.yaml` of the deployments repository.',
    }),
  },
  {
    said: /violates PodSecurity /,
    explain: (message, { namespace }) => ({
      code: 'admission-denied',
      message: `Namespace \`${namespace}\` admits no such pod: ${shortenMessage(message)}`,
      hint: 'Comment /host to have the overlay written anew, and undo what else changes pods on their way into the cluster.',
    }),
  },
  {
    said: /RuntimeClass "[^"]*" not found/,
    explain: (message) => ({
      code: 'admission-denied',
      message: `The cluster has not the RuntimeClass of \`mcp-hosting.yml\`: ${shortenMessage(message)}`,
      hint: 'Create that RuntimeClass, or take `runtimeClass` out of the policy and comment /host.',
    }),
  },
  {
    said: /denied the request|denied request: /,
    explain: (message) => ({
      code: 'admission-denied',
      message: `An admission policy of the cluster turns it away: ${shortenMessage(message)}`,
      hint: 'Mend what the policy names, or ask who looks after the policy for an exception.',
    }),
  },
  {
    said: /failed to discover server resources for group version|could not find \S+ for requested resource/,
    explain: explainMissingKind,
  },
  {
    said: /is not permitted in project/,
    explain: (message) => ({
      code: 'sync-failed',
      message: `The AppProject of Argo CD does not permit it: ${shortenMessage(message)}`,
      hint: 'Apply `argocd/app-project.yaml` of the deployments repository as the installed version writes it.',
    }),
  },
  {
    said: /namespaces? "?[a-z0-9-]+"? not found/,
    explain: (message, { namespace }) => ({
      code: 'sync-failed',
      message: `Namespace \`${namespace}\` is not there: ${shortenMessage(message)}`,
      hint: 'Apply `base/` of the deployments repository: `kubectl apply -k base`.',
    }),
  },
  {
    said: /" is invalid: /,
    explain: (message, { serverId }) => ({
      code: 'sync-failed',
      message: `Kubernetes refuses a manifest of \`servers/${serverId}\`: ${shortenMessage(message)}`,
      hint: 'Undo what was changed there by hand, or comment /host to have the overlay written anew.',
    }),
  },
  {
    said: /failed calling webhook|no endpoints available for service/,
    explain: (message) => ({
      code: 'sync-failed',
      message: `An admission webhook of the cluster does not answer: ${shortenMessage(message)}`,
      hint: 'Look after the webhook that is named.',
    }),
  },
];

/** Long enough for the name of a policy and its reason; Argo CD joins the messages of all objects. */
const MESSAGE_CHARACTERS_MAX = 500;

/**
 * The cause of a message of the API server that came by way of Argo CD or a controller, and its cure.
 * @returns undefined for one that is not known: it is shown as it is
 */
export function explainClusterMessage(message: string, place: ClusterPlace): Cause | undefined {
  return CAUSES.find(({ said }) => said.test(message))?.explain(message, place);
}

/** One line of it, without what Argo CD and the API server put around the reason. */
export function shortenMessage(message: string): string {
  const line = message
    .replace(/^one or more [a-z ]{1,60}(?:, reason)?: /, '')
    .replace(/\.? Retrying attempt #\d+ at .*$/s, '')
    .replace(/ \(retried \d+ times\)\.?$/, '')
    .replace(/^[a-z.]{1,60} "[^"]*" is forbidden: /, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return line.length > MESSAGE_CHARACTERS_MAX ? `${line.slice(0, MESSAGE_CHARACTERS_MAX - 1)}…` : line;
}

/** `exceeded quota: NAME, requested: pods=1, used: pods=130, limited: pods=130`. */
function explainQuota(message: string, { namespace }: ClusterPlace): Cause {
  const [, quota, requested, used, limited] =
    /exceeded quota: ([a-z0-9.-]+), requested: (.*?), used: (.*?), limited: ([^\s;]*[^\s;.])/.exec(message) ?? [];
  const said = quota
    ? `ResourceQuota \`${quota}\` has no room: it is asked for ${requested}, and ${used} of ${limited} are used.`
    : `A ResourceQuota of namespace \`${namespace}\` has no room: ${shortenMessage(message)}`;
  return {
    code: 'quota-exceeded',
    message: said,
    hint: 'Stop or delete a server, or raise the quota in `base/resource-quota.yaml` of the deployments repository.',
  };
}

/** Where the group is unknown, only its version is said; else the kind. */
function explainMissingKind(message: string): Cause {
  const kind = /(?:for group version|could not find) ([A-Za-z0-9./-]{1,200})/.exec(message)?.[1];
  return {
    code: 'kind-missing',
    message: `The cluster does not know ${kind ? `\`${kind}\`` : 'a kind of the overlay'}: its CRD is not installed.`,
    hint: 'Install what brings it (Gateway API, KEDA, cert-manager: the README of the deployments repository says which option needs which), or take the option out of `mcp-hosting.yml`.',
  };
}
