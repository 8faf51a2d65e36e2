import { isNonPublic, isWithin, nonPublicRangesIn, parseCidr } from '../cidr.ts';
import type { YamlPath } from '../locate-in-yaml.ts';
import type { Manifest } from '../read-manifests.ts';
import { type Finding, finding } from './finding.ts';
import type { OverlayRules } from './overlay-rules.ts';

interface Peer {
  ipBlock?: { cidr: string; except?: string[] };
  namespaceSelector?: unknown;
  podSelector?: unknown;
}

/** The policies of a namespace add up: what this one allows is allowed, so it may allow public addresses and DNS alone. */
export function checkNetworkPolicy({ spec }: Manifest, { policy }: OverlayRules): Finding[] {
  const { clusterRanges = [] } = policy;
  const { policyTypes, egress, ingress } = spec as {
    policyTypes?: string[];
    ingress?: unknown;
    egress?: { to?: Peer[]; ports?: unknown[] }[];
  };
  return [
    ...(ingress === undefined
      ? []
      : [finding(['spec', 'ingress'], 'it lets requests in beside the route', 'egress alone')]),
    ...(policyTypes?.length === 1 && policyTypes[0] === 'Egress'
      ? []
      : [finding(['spec', 'policyTypes'], 'it is another list', '[Egress]')]),
    ...(egress ?? []).flatMap(({ to, ports }, index) =>
      checkRule({ to, ports, clusterRanges }, ['spec', 'egress', index]),
    ),
  ];
}

function checkRule(
  { to, ports, clusterRanges }: { to: Peer[] | undefined; ports: unknown[] | undefined; clusterRanges: string[] },
  at: YamlPath,
): Finding[] {
  const findings = (to ?? []).flatMap((peer, index) => checkPeer(peer, clusterRanges, [...at, 'to', index]));
  if (!to || to.length === 0) {
    findings.push(finding(at, 'it names no peer, which lets the server out to everything', 'to with an ipBlock'));
  }
  if (!ports || ports.length === 0) findings.push(finding(at, 'it names no ports', 'the ports that are needed'));
  return findings;
}

const DNS_PEER = JSON.stringify([
  { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
  { matchLabels: { 'k8s-app': 'kube-dns' } },
]);

function checkPeer(
  { ipBlock, namespaceSelector, podSelector }: Peer,
  clusterRanges: readonly string[],
  at: YamlPath,
): Finding[] {
  if (!ipBlock) {
    const isDns = JSON.stringify([namespaceSelector, podSelector]) === DNS_PEER;
    return isDns
      ? []
      : [finding(at, 'it lets the server out to pods of the cluster', 'an ipBlock, or the DNS of the cluster')];
  }
  const cidr = parseCidr(ipBlock.cidr);
  const where = [...at, 'ipBlock', 'cidr'];
  if (!cidr) return [finding(where, 'it is no range of addresses', 'ADDRESS/PREFIX without bits behind the prefix')];
  if (isNonPublic(cidr)) return [finding(where, 'it is a private or reserved range', 'a public one')];
  if (isWithin(cidr, clusterRanges)) return [finding(where, "it lies in the cluster's own addresses", 'another one')];
  const missing = nonPublicRangesIn(ipBlock.cidr, clusterRanges).filter((range) => !ipBlock.except?.includes(range));
  if (missing.length === 0) return [];
  return [
    finding(
      where,
      'private ranges lie in it, or addresses where clouds tell credentials',
      `them under except: ${missing.join(', ')}`,
    ),
  ];
}
