import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { UserError } from '../../src/domain/user-error.ts';
import type { EngineClient } from '../docker/engine-client.ts';

/** The network of the engine that kind puts its nodes into. */
const KIND_NETWORK = 'kind';

export interface AdvertisedAddress {
  /** What pods are told. */
  host: string;
  /** The address of this machine to listen on. */
  address: string;
}

/**
 * Where pods reach this machine: what was asked for; for a cluster in containers of this machine the gateway of their
 * network; else the address that this machine has towards the API server.
 * @throws UserError `cluster-advertise`
 */
export async function findAdvertisedAddress(options: {
  server: string;
  engine: EngineClient;
  asked: string | undefined;
}): Promise<AdvertisedAddress> {
  const { server, engine, asked } = options;
  if (asked !== undefined) return { host: asked, address: await ownAddress(asked) };
  const host = new URL(server).hostname.replace(/^\[|\]$/g, '');
  const found = isLoopback(host) ? await kindGateway(engine) : await addressTowards(host);
  if (found !== undefined && !isLoopback(found) && ownAddresses().includes(found))
    return { host: found, address: found };
  throw advertiseError('it is not known under which address pods reach this machine');
}

/** A name may stand for an address that only pods know (`host.docker.internal`): then every interface must listen. */
async function ownAddress(asked: string): Promise<string> {
  const found = await lookup(asked, { family: 4 }).catch(() => undefined);
  if (found && ownAddresses().includes(found.address) && !isLoopback(found.address)) return found.address;
  if (found && isLoopback(found.address)) throw advertiseError(`"${asked}" is this machine to itself alone`);
  return '0.0.0.0';
}

function advertiseError(said: string): UserError {
  return new UserError(
    'cluster-advertise',
    `Cannot let Argo CD clone from this machine: ${said}, expected a name or address that pods can use`,
    'Name it with --advertise HOST: with Docker Desktop host.docker.internal, with a VM the address of its bridge here.',
  );
}

async function kindGateway(engine: EngineClient): Promise<string | undefined> {
  const { status, body } = await engine.request('GET', `/networks/${KIND_NETWORK}`, { accept: [404] });
  if (status === 404) return undefined;
  const { IPAM } = body as { IPAM?: { Config?: { Gateway?: string }[] } };
  return IPAM?.Config?.map(({ Gateway }) => Gateway).find((gateway) => gateway?.includes('.'));
}

/** Connecting a datagram socket sends nothing; it chooses the route, and so the own address. */
async function addressTowards(host: string): Promise<string | undefined> {
  const socket = createSocket('udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.connect(443, host, resolve);
    });
    return socket.address().address;
  } catch {
    // No route, or no such name: nothing is known.
    return undefined;
  } finally {
    socket.close();
  }
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((each = []) => each.map(({ address }) => address));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.startsWith('127.') || host === '::1';
}
