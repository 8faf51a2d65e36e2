/** A range of addresses: `bits` is 32 for IPv4 and 128 for IPv6; `first` is its lowest address as a number. */
export interface Cidr {
  bits: 32 | 128;
  first: bigint;
  prefix: number;
}

/** @returns undefined unless the text is `address/prefix` with no bit set behind the prefix. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([0-9A-Fa-f.:]{2,45})\/(0|[1-9][0-9]{0,2})$/.exec(text);
  if (!match?.[1] || !match[2]) return undefined;
  const isV6 = match[1].includes(':');
  const bits = isV6 ? 128 : 32;
  const first = isV6 ? parseIpv6(match[1]) : parseIpv4(match[1]);
  const prefix = Number(match[2]);
  if (first === undefined || prefix > bits) return undefined;
  const hostMask = (1n << BigInt(bits - prefix)) - 1n;
  return (first & hostMask) === 0n ? { bits, first, prefix } : undefined;
}

/**
 * What somebody means who writes a bare address, or an IPv4 range by one of its addresses.
 * @returns undefined for anything else, ranges that are right among it
 */
export function nearestCidr(text: string): string | undefined {
  if (!text.includes('/')) return [`${text}/32`, `${text}/128`].find((range) => parseCidr(range));
  const [address = '', suffix = ''] = text.split('/');
  const first = parseIpv4(address);
  const prefix = Number(suffix);
  if (first === undefined || !/^[0-9]{1,2}$/.test(suffix) || prefix > 32) return undefined;
  const lowest = (first >> BigInt(32 - prefix)) << BigInt(32 - prefix);
  const range = `${[24n, 16n, 8n, 0n].map((shift) => (lowest >> shift) & 255n).join('.')}/${prefix}`;
  return range === text ? undefined : range;
}

/** Whether every address of `inner` is in `outer`. */
function contains(outer: Cidr, inner: Cidr): boolean {
  if (outer.bits !== inner.bits || outer.prefix > inner.prefix) return false;
  const shift = BigInt(outer.bits - outer.prefix);
  return outer.first >> shift === inner.first >> shift;
}

/**
 * Ranges that a hosted server may never be let out to: private, shared, loopback, link-local, multicast and reserved ones,
 * and IPv6 ranges that embed IPv4 addresses (IANA special-purpose registries); and the one of `METADATA_ADDRESSES` that is
 * public by its number.
 */
export const NON_PUBLIC_RANGES: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '::ffff:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
];

/**
 * Where clouds tell any process on a node its credentials: most of them; Alibaba; Azure; Oracle; AWS and Google by IPv6.
 * All lie in `NON_PUBLIC_RANGES`.
 */
export const METADATA_ADDRESSES: readonly string[] = [
  '169.254.169.254/32',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '192.0.0.192/32',
  'fd00:ec2::254/128',
  'fd20:ce::254/128',
];

/** The addresses of `METADATA_ADDRESSES` inside a range and in none of its exceptions. */
export function metadataAddressesIn(cidr: string, except: readonly string[]): string[] {
  const holds = (range: string, inner: Cidr) => {
    const outer = parseCidr(range);
    return outer !== undefined && contains(outer, inner);
  };
  return METADATA_ADDRESSES.filter((address) => {
    const inner = parseCidr(address);
    return inner !== undefined && holds(cidr, inner) && !except.some((range) => holds(range, inner));
  });
}

/**
 * The non-public ranges inside a range, as a NetworkPolicy's `except` lists them.
 * @param further ranges that are closed beside those
 */
export function nonPublicRangesIn(cidr: string, further: readonly string[] = []): string[] {
  const outer = parseCidr(cidr);
  if (!outer) return [];
  return [...new Set([...NON_PUBLIC_RANGES, ...further])].filter((range) => {
    const inner = parseCidr(range);
    return inner !== undefined && contains(outer, inner);
  });
}

/** Whether a range lies within a non-public one. */
export function isNonPublic(cidr: Cidr): boolean {
  return isWithin(cidr, NON_PUBLIC_RANGES);
}

/** Whether a range lies within one of others. */
export function isWithin(cidr: Cidr, ranges: readonly string[]): boolean {
  return ranges.some((range) => {
    const outer = parseCidr(range);
    return outer !== undefined && contains(outer, cidr);
  });
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255)) {
    return undefined;
  }
  return parts.reduce((address, part) => (address << 8n) | BigInt(part), 0n);
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  if (!head) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<string>(tail ? missing : 0).fill('0'), ...(tail ?? [])];
  if (!groups.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return undefined;
  return groups.reduce((address, group) => (address << 16n) | BigInt(`0x${group}`), 0n);
}
