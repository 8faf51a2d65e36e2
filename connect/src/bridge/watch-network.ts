import { networkInterfaces } from 'node:os';
import { NETWORK_WATCH_MS } from './limits.ts';

/**
 * Tells when this machine slept or changed its addresses: connections from before may be dead without a sign of it.
 * @returns stops watching
 */
export function watchNetwork(onChange: () => void): () => void {
  let last = Date.now();
  let addresses = readAddresses();
  const timer = setInterval(() => {
    const now = Date.now();
    const current = readAddresses();
    // A timer that comes far too late slept with the machine.
    if (now - last > 3 * NETWORK_WATCH_MS || current !== addresses) onChange();
    last = now;
    addresses = current;
  }, NETWORK_WATCH_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function readAddresses(): string {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all
    .filter(({ internal }) => !internal)
    .map(({ address }) => address)
    .sort()
    .join();
}
