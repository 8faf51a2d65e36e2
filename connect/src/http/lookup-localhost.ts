import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isLoopback } from './proxy.ts';

/** RFC 6761: every name under `localhost` is this machine, whatever the system's resolver knows of it. */
export const lookupLocalhost: LookupFunction = (hostname, options, callback) => {
  if (hostname === 'localhost' || !isLoopback(hostname)) {
    systemLookup(hostname, options as { all: true }, callback as (error: Error | null, found: LookupAddress[]) => void);
    return;
  }
  const address = { address: '127.0.0.1', family: 4 };
  if (options.all) callback(null, [address]);
  else callback(null, address.address, address.family);
};
