import { externalSecretPath } from '../manifests/external-secret.ts';
import type { OverlayInput } from '../overlay-input.ts';
import { planScaling } from '../plan-scaling.ts';
import { fullName } from '../repository.ts';
import { shortSha } from './describe-stage.ts';
import { codeSpan, link } from './escape-markdown.ts';

const NOTHING = '–';
/** More names than this are counted: the manifests have them all. */
const NAMES_SHOWN_MAX = 20;

/** Before → after of everything a reviewer decides on; what changes is bold. */
export function renderOverlayChange(options: {
  before: OverlayInput | null;
  after: OverlayInput | null;
  githubWebUrl: string;
}): string {
  const cells = (input: OverlayInput | null) => (input ? cellsOf(input, options.githubWebUrl) : undefined);
  const before = cells(options.before);
  const after = cells(options.after);
  const names = Object.keys({ ...after, ...before });
  const rows = names.map((name) => {
    const was = before?.[name] ?? NOTHING;
    const becomes = after?.[name] ?? NOTHING;
    return `| ${name} | ${was} | ${was === becomes ? becomes : `**${becomes}**`} |`;
  });
  return ['| | before | after |', '|---|---|---|', ...rows].join('\n');
}

function cellsOf(input: OverlayInput, githubWebUrl: string): Record<string, string> {
  const { repository, commitSha } = input.source;
  const { requests, limits } = input.config.resources;
  return {
    version: link(codeSpan(shortSha(commitSha)), `${githubWebUrl}/${fullName(repository)}/commit/${commitSha}`),
    image: codeSpan(input.image, 255),
    digest: codeSpan(input.digest),
    replicas: replicasCell(input),
    memory: `${codeSpan(requests.memory, 30)}, at most ${codeSpan(limits.memory, 30)}`,
    CPU: `${codeSpan(requests.cpu, 30)}, at most ${codeSpan(limits.cpu, 30)}`,
    egress: egressCell(input),
    environment: environmentCell(input),
    access: input.config.access === 'public' ? 'public: anyone who knows the address' : 'private: access keys',
    'rate limit': input.config.rateLimit ? `${input.config.rateLimit.requestsPerMinute} requests a minute` : NOTHING,
    route: `${codeSpan(input.host, 253)} by ${input.route.kind === 'gateway' ? `Gateway ${codeSpan(input.route.gatewayName, 63)}` : `Ingress class ${codeSpan(input.route.className, 63)}`}`,
    ...optionalCells(input),
  };
}

function replicasCell(input: OverlayInput): string {
  const plan = planScaling(input);
  if (plan.kind === 'fixed' || input.replicas === 0) return String(input.replicas);
  return plan.kind === 'auto' ? `${plan.min} to ${plan.max}, by load` : `0 to ${plan.max}, as requests come`;
}

/** What few servers have. */
function optionalCells({ config, policy }: OverlayInput): Record<string, string> {
  const { nodePool, runtimeClass, hostUsers, registryMirror } = policy ?? {};
  return {
    ...(config.sessions === 'isolated' ? { sessions: 'isolated' } : {}),
    ...(config.domains?.length ? { domains: namesCell(config.domains) } : {}),
    ...(nodePool ? { nodes: codeSpan(`${nodePool.label}=${nodePool.value}`, 320) } : {}),
    ...(runtimeClass ? { 'runtime class': codeSpan(runtimeClass, 253) } : {}),
    ...(hostUsers === false ? { 'user namespace': 'of its own' } : {}),
    ...(registryMirror ? { 'registry mirror': codeSpan(registryMirror, 255) } : {}),
  };
}

function egressCell({ config }: OverlayInput): string {
  if (!config.egress) return "the namespace's default";
  if (config.egress.length === 0) return 'DNS alone';
  const targets = config.egress
    .slice(0, NAMES_SHOWN_MAX)
    .map(({ cidr, ports }) => codeSpan(`${cidr}${ports.length > 0 ? `:${ports.join(',')}` : ''}`, 100));
  return `DNS, ${listed(targets, config.egress.length)}`;
}

function environmentCell({ config, policy, serverId }: OverlayInput): string {
  const names = namesCell(config.env);
  if (config.secrets !== 'external' || config.env.length === 0) return names;
  const store = codeSpan(policy?.secrets?.store?.name ?? '', 253);
  return `${names} from ${codeSpan(externalSecretPath(policy, serverId), 400)} of the store ${store}`;
}

function namesCell(names: readonly string[]): string {
  if (names.length === 0) return NOTHING;
  return listed(
    names.slice(0, NAMES_SHOWN_MAX).map((name) => codeSpan(name, 100)),
    names.length,
  );
}

function listed(shown: readonly string[], total: number): string {
  const rest = total - shown.length;
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
