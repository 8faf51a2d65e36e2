/** Of one server as `.mcp-hosting.yml` has it by default; what the quota counts in. */
const REQUEST_CPU_MILLIS = 100;
const REQUEST_MEMORY_MI = 128;
const LIMIT_CPU_MILLIS = 500;
const LIMIT_MEMORY_MI = 256;

/** Previews for each server, and pods that are there twice while they are replaced. */
const PREVIEW_SHARE = 0.2;
const SURGE_SHARE = 0.1;

/** Access keys, variables, certificate. */
const SECRETS_EACH = 3;

/** What a quota is sized for. */
export interface QuotaNeeds {
  servers: number;
  /** Every server may have a second Service, which leads an Ingress to KEDA. */
  wakeServices: boolean;
}

/** The quantities of the ResourceQuota for a number of servers, as its comment explains them. */
export function sizeQuota({ servers, wakeServices }: QuotaNeeds): QuotaSize {
  const previews = Math.ceil(servers * PREVIEW_SHARE);
  const surge = Math.ceil(servers * SURGE_SHARE);
  const pods = servers + previews + surge;
  return {
    servers,
    previews,
    surge,
    pods,
    wakeServices,
    requestsCpu: cpu(pods * REQUEST_CPU_MILLIS),
    requestsMemory: `${pods * REQUEST_MEMORY_MI}Mi`,
    limitsCpu: cpu(pods * LIMIT_CPU_MILLIS),
    limitsMemory: `${pods * LIMIT_MEMORY_MI}Mi`,
    services: (servers + previews) * (wakeServices ? 2 : 1),
    secrets: (servers + previews) * SECRETS_EACH,
  };
}

export interface QuotaSize {
  servers: number;
  wakeServices: boolean;
  previews: number;
  surge: number;
  pods: number;
  requestsCpu: string;
  requestsMemory: string;
  limitsCpu: string;
  limitsMemory: string;
  services: number;
  secrets: number;
}

/** In the form that the API server writes, so that Argo CD sees no difference. */
function cpu(millis: number): string {
  return millis % 1_000 === 0 ? String(millis / 1_000) : `${millis}m`;
}

/** The lines of `base/resource-quota.yaml` that hold numbers; replaced as a whole. */
export function quotaLines(size: QuotaSize): { formula: string; hard: string } {
  const { servers, previews, surge, pods, services, wakeServices } = size;
  const servicesOf = wakeServices ? '(servers + previews) * 2, one to KEDA,' : 'servers + previews';
  return {
    formula: [
      `#   pods            = servers + previews + surge = ${servers} + ${previews} + ${surge} = ${pods}`,
      `#   requests.cpu    = pods * ${REQUEST_CPU_MILLIS}m   = ${size.requestsCpu}`,
      `#   requests.memory = pods * ${REQUEST_MEMORY_MI}Mi  = ${size.requestsMemory}`,
      `#   limits.cpu      = pods * ${LIMIT_CPU_MILLIS}m   = ${size.limitsCpu}`,
      `#   limits.memory   = pods * ${LIMIT_MEMORY_MI}Mi  = ${size.limitsMemory}`,
      `#   services        = ${servicesOf} = ${services}; secrets = ${SECRETS_EACH} each (access, variables, certificate) = ${size.secrets}`,
    ].join('\n'),
    hard: [
      `    pods: "${pods}"`,
      `    requests.cpu: ${quoted(size.requestsCpu)}`,
      `    requests.memory: ${size.requestsMemory}`,
      `    limits.cpu: ${quoted(size.limitsCpu)}`,
      `    limits.memory: ${size.limitsMemory}`,
      `    services: "${services}"`,
      `    secrets: "${size.secrets}"`,
    ].join('\n'),
  };
}

/** A number has to be a string in YAML. */
function quoted(quantity: string): string {
  return /^\d+$/.test(quantity) ? `"${quantity}"` : quantity;
}
