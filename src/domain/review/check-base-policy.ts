import { metadataAddressesIn, nonPublicRangesIn, parseCidr } from '../cidr.ts';
import type { YamlPath } from '../locate-in-yaml.ts';
import type { Manifest } from '../read-manifests.ts';
import { type Finding, finding } from './finding.ts';

interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

interface Peer {
  ipBlock?: { cidr: string; except?: string[] };
  namespaceSelector?: Selector;
  podSelector?: Selector;
}

/**
 * A NetworkPolicy of `base/`. It may let in and out whom the platform's people name, be that a private address: never
 * everybody, never the servers among each other, and never to where clouds tell credentials.
 */
export function checkBasePolicy({ spec }: Manifest, namespace: string): Finding[] {
  const { ingress = [], egress = [] } = spec as { ingress?: { from?: Peer[] }[]; egress?: { to?: Peer[] }[] };
  return [
    ...ingress.flatMap(({ from }, index) => {
      const at = ['spec', 'ingress', index];
      if (!from || from.length === 0) {
        return [finding(at, 'it lets everybody in', 'from, with the namespace of the gateway')];
      }
      return from.flatMap((peer, number) => checkPeer(peer, [...at, 'from', number], namespace, checkSource));
    }),
    ...egress.flatMap(({ to }, index) => {
      const at = ['spec', 'egress', index];
      if (!to || to.length === 0) return [finding(at, 'it lets servers out to everything', 'to, with an ipBlock')];
      return to.flatMap((peer, number) => checkPeer(peer, [...at, 'to', number], namespace, checkTarget));
    }),
  ];
}

type Block = NonNullable<Peer['ipBlock']>;

function checkPeer(
  { ipBlock, namespaceSelector, podSelector }: Peer,
  at: YamlPath,
  namespace: string,
  checkBlock: (block: Block, at: YamlPath) => Finding[],
): Finding[] {
  if (ipBlock) {
    const where = [...at, 'ipBlock'];
    return parseCidr(ipBlock.cidr)
      ? checkBlock(ipBlock, where)
      : [finding([...where, 'cidr'], 'it is no range of addresses', 'ADDRESS/PREFIX without bits behind the prefix')];
  }
  const expected = 'a namespaceSelector that names other namespaces';
  if (!namespaceSelector) {
    return [finding(at, podSelector ? 'it is pods of the servers themselves' : 'it names nobody', expected)];
  }
  const where = [...at, 'namespaceSelector'];
  if (!namesSome(namespaceSelector)) return [finding(where, 'it is nearly every namespace', expected)];
  return namesOwn(namespaceSelector, namespace)
    ? [finding(where, 'it is the namespace of the servers themselves', expected)]
    : [];
}

function namesSome({ matchLabels = {}, matchExpressions = [] }: Selector): boolean {
  return Object.keys(matchLabels).length > 0 || matchExpressions.some(({ operator }) => operator === 'In');
}

const NAME_LABEL = 'kubernetes.io/metadata.name';

function namesOwn({ matchLabels = {}, matchExpressions = [] }: Selector, namespace: string): boolean {
  return (
    matchLabels[NAME_LABEL] === namespace ||
    matchExpressions.some(
      ({ key, operator, values = [] }) => key === NAME_LABEL && operator === 'In' && values.includes(namespace),
    )
  );
}

function checkSource({ cidr }: Block, at: YamlPath): Finding[] {
  return cidr.endsWith('/0') ? [finding(at, 'it lets everybody in', 'the addresses of the gateway')] : [];
}

function checkTarget({ cidr, except = [] }: Block, at: YamlPath): Finding[] {
  const open = nonPublicRangesIn(cidr).filter((range) => isLocal(range, except));
  if (open.length > 0) {
    const state = 'private ranges lie in it, or addresses where clouds tell credentials';
    return [finding(at, state, `them under except: ${open.join(', ')}`)];
  }
  const told = metadataAddressesIn(cidr, except);
  if (told.length === 0) return [];
  return [finding(at, 'clouds tell credentials at an address in it', `them under except: ${told.join(', ')}`)];
}

/** `0.0.0.0/8` is nobody's address on a network: people leave it out. */
function isLocal(range: string, except: readonly string[]): boolean {
  return range !== '0.0.0.0/8' && !except.includes(range);
}
