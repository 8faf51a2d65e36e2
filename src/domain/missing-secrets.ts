import { externalSecretPath } from './manifests/external-secret.ts';
import type { Rollout } from './rollout.ts';

/** The parts of a rollout that say where its values come from. */
type Declaring = Pick<Rollout, 'serverId' | 'config' | 'overlay'>;

/** The declared variables that have no value, in their order. */
export function missingSecrets(rollout: Declaring, names: readonly string[]): string[] {
  return declaredBy(rollout).filter((name) => !names.includes(name));
}

/** What the pods of a rollout cannot start without. */
export function declaredBy({ config, overlay }: Declaring): string[] {
  return [...new Set((overlay?.config ?? config).env)].sort();
}

/** `` `A` and `B` are not set. `` and what sets them. */
export function missingSecretsWords(rollout: Declaring, names: readonly string[]): { message: string; hint: string } {
  const message = `${listed(names)} ${names.length === 1 ? 'is' : 'are'} not set.`;
  const { serverId, overlay } = rollout;
  if ((overlay?.config ?? rollout.config).secrets === 'external') {
    const store = overlay?.policy?.secrets?.store?.name ?? 'the deployments policy';
    const path = externalSecretPath(overlay?.policy, serverId);
    return {
      message,
      hint: `Add ${listed(names)} to \`${path}\` in the store \`${store}\`; the deployment goes on by itself.`,
    };
  }
  return { message, hint: `${setCommand(serverId, names)}; the deployment goes on by itself.` };
}

/** A server whose pods need what is not set. */
export interface UnsetSecrets {
  serverId: string;
  names: readonly string[];
}

/** Names shown of one server: more than people type in one go. */
const UNSET_SHOWN_MAX = 10;

/** For whoever looks at a pull request that is not merged yet: what is missing, and what sets it. */
export function unsetSecretsWords({ serverId, names }: UnsetSecrets): string {
  const shown = names.slice(0, UNSET_SHOWN_MAX);
  const more = names.length - shown.length;
  const what = more > 0 ? `${shown.map(quoted).join(', ')} and ${more} more` : listed(names);
  return `\`${serverId}\` needs ${what}. ${setCommand(serverId, shown)}; merged before that, the deployment waits for them.`;
}

function setCommand(serverId: string, names: readonly string[]): string {
  const [first = '', ...others] = names;
  const rest = others.length > 0 ? `, and the same for ${listed(others)}` : '';
  return `Run \`npx mcp-hosting secrets set ${serverId} ${first}\`${rest}`;
}

function listed(names: readonly string[]): string {
  const spans = names.map(quoted);
  const last = spans.pop() ?? '';
  return spans.length === 0 ? last : `${spans.join(', ')} and ${last}`;
}

function quoted(name: string): string {
  return `\`${name}\``;
}
