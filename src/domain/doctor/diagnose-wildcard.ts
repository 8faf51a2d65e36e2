import type { RouteSettings } from '../overlay-input.ts';
import { broken, type Diagnosis, type DoctorProblem, warning } from './diagnosis.ts';

/** What a TLS client was shown. */
export interface ShownCertificate {
  /** Why it is not trusted for the host; undefined where it is. */
  refusal: string | undefined;
  names: readonly string[];
  validTo: Date;
  issuer: string;
}

export interface WildcardProbe {
  /** A name that no server has, below the domain. */
  host: string;
  port: number;
  /** Empty: the name does not resolve. */
  addresses: readonly string[];
  /** `undefined` over http. */
  certificate: ShownCertificate | 'no-answer' | undefined;
}

/** cert-manager renews a certificate of 90 days when 30 are left; with 14 left, renewal does not work. */
const DAYS_LEFT_MIN = 14;
const DAY_MS = 24 * 60 * 60_000;

/** @param context.route what is to answer: its hints name that, and nothing that the installation does not have */
export function diagnoseWildcard(probe: WildcardProbe, context: { now: Date; route: RouteSettings }): Diagnosis {
  const { now, route } = context;
  const { host, port, addresses, certificate } = probe;
  const domain = host.slice(host.indexOf('.') + 1);
  if (addresses.length === 0) {
    const fix = `Make a DNS record *.${domain} that leads to ${whereAddressesAre(route)}`;
    return { found: `*.${domain}`, problems: [broken(`${host} does not resolve.`, fix)] };
  }
  const found = `*.${domain} leads to ${addresses.join(', ')}`;
  if (certificate === undefined) return { found: `${found}, by http`, problems: [] };
  if (certificate === 'no-answer') {
    const fix =
      route.kind === 'gateway'
        ? `kubectl -n ${route.gatewayNamespace} describe gateway ${route.gatewayName}`
        : `${LIST_BALANCERS}   # that of the ingress controller of class ${route.className} is to listen there`;
    return { found, problems: [broken(`Nothing answers TLS at ${host}:${port}.`, fix)] };
  }
  return {
    found: `${found}, certificate of ${certificate.issuer}`,
    problems: certificateProblems(certificate, host, now),
  };
}

const LIST_BALANCERS = 'kubectl get services -A --field-selector spec.type=LoadBalancer';

function whereAddressesAre(route: RouteSettings): string {
  if (route.kind === 'ingress') return `the ingress controller of class ${route.className}: ${LIST_BALANCERS}`;
  const { gatewayName, gatewayNamespace } = route;
  return `the gateway: kubectl -n ${gatewayNamespace} get gateway ${gatewayName} -o jsonpath='{.status.addresses}'`;
}

function certificateProblems(certificate: ShownCertificate, host: string, now: Date): DoctorProblem[] {
  const look = 'kubectl describe certificate -A -l app.kubernetes.io/part-of=mcp-hosting';
  const daysLeft = Math.floor((certificate.validTo.getTime() - now.getTime()) / DAY_MS);
  const names = certificate.names.slice(0, 10).join(', ');
  if (daysLeft < 0) return [broken(`The certificate ended ${-daysLeft} days ago.`, look)];
  if (certificate.refusal !== undefined) {
    return [broken(`The certificate (${names}) is not trusted for ${host}: ${certificate.refusal}.`, look)];
  }
  return daysLeft < DAYS_LEFT_MIN
    ? [warning(`The certificate ends in ${daysLeft} days and is not renewed.`, look)]
    : [];
}
