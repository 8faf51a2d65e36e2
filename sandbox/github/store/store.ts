import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AccessToken, Account, Delivery, Installation, Repository } from './entities.ts';
import { readJson, writeJson } from './json-file.ts';

interface Directory {
  lastId: number;
  accounts: Account[];
  installations: Installation[];
  tokens: AccessToken[];
}

/** GitHub keeps deliveries for a few days; this many are plenty on one machine, and bound the folder. */
const DELIVERIES_KEPT = 2_000;

/**
 * All state beside git, in memory and as JSON files: `directory.json` (accounts, installations, tokens), one file a
 * repository, one file a delivery. Whoever changes an entity says so (`touch…`); `flush` writes what was touched, and is
 * called before each answer leaves, so that what a client was told survives a kill.
 */
export class Store {
  readonly dir: string;
  readonly repositories = new Map<number, Repository>();
  /** Oldest first. */
  readonly deliveries: Delivery[] = [];
  private readonly directory: Directory;
  private directoryTouched = false;
  private readonly touched = new Set<Repository>();
  private readonly touchedDeliveries = new Set<Delivery>();

  constructor(dir: string) {
    this.dir = dir;
    for (const part of ['repositories', 'deliveries', 'runs', 'git', 'tmp']) {
      mkdirSync(join(dir, part), { recursive: true, mode: 0o700 });
    }
    this.directory = readJson<Directory>(join(dir, 'directory.json')) ?? {
      lastId: 1_000,
      accounts: [],
      installations: [],
      tokens: [],
    };
    for (const repository of readAll<Repository>(join(dir, 'repositories'))) {
      this.repositories.set(repository.id, repository);
    }
    this.deliveries.push(...readAll<Delivery>(join(dir, 'deliveries')).sort((a, b) => a.id - b.id));
    rmSync(join(dir, 'tmp'), { recursive: true, force: true });
    mkdirSync(join(dir, 'tmp'), { mode: 0o700 });
  }

  /** Unique over all kinds of things, which GitHub does not promise but never harms. */
  nextId(): number {
    this.directoryTouched = true;
    this.directory.lastId += 1;
    return this.directory.lastId;
  }

  get accounts(): readonly Account[] {
    return this.directory.accounts;
  }

  get installations(): readonly Installation[] {
    return this.directory.installations;
  }

  account(id: number): Account {
    const account = this.directory.accounts.find((candidate) => candidate.id === id);
    if (!account) throw new Error(`Cannot read account ${id}: unknown, expected one that was added`);
    return account;
  }

  accountByLogin(login: string): Account | undefined {
    const wanted = login.toLowerCase();
    return this.directory.accounts.find((account) => account.login.toLowerCase() === wanted);
  }

  addAccount(account: Account): Account {
    this.directory.accounts.push(account);
    this.touchDirectory();
    return account;
  }

  addInstallation(installation: Installation): void {
    this.directory.installations.push(installation);
    this.touchDirectory();
  }

  removeInstallation(id: number): void {
    this.directory.installations = this.directory.installations.filter((installation) => installation.id !== id);
    this.touchDirectory();
  }

  addToken(token: AccessToken, now: Date): void {
    const live = this.directory.tokens.filter((known) => !known.expiresAt || new Date(known.expiresAt) > now);
    this.directory.tokens = [...live, token];
    this.touchDirectory();
  }

  token(token: string): AccessToken | undefined {
    return this.directory.tokens.find((known) => known.token === token);
  }

  removeToken(token: string): void {
    this.directory.tokens = this.directory.tokens.filter((known) => known.token !== token);
    this.touchDirectory();
  }

  repositoryByName(owner: string, name: string): Repository | undefined {
    const account = this.accountByLogin(owner);
    const wanted = name.toLowerCase();
    return (
      account &&
      [...this.repositories.values()].find((one) => one.ownerId === account.id && one.name.toLowerCase() === wanted)
    );
  }

  addRepository(repository: Repository): void {
    this.repositories.set(repository.id, repository);
    this.touch(repository);
  }

  removeRepository(repository: Repository): void {
    this.repositories.delete(repository.id);
    this.touched.delete(repository);
    rmSync(join(this.dir, 'repositories', `${repository.id}.json`), { force: true });
  }

  /** A repository that was deleted in the meantime is left alone. */
  touch(repository: Repository): void {
    if (this.repositories.has(repository.id)) this.touched.add(repository);
  }

  touchDirectory(): void {
    this.directoryTouched = true;
  }

  addDelivery(delivery: Delivery): void {
    this.deliveries.push(delivery);
    this.touchedDeliveries.add(delivery);
    while (this.deliveries.length > DELIVERIES_KEPT) {
      const oldest = this.deliveries.shift();
      if (oldest) this.touchedDeliveries.delete(oldest);
      if (oldest) rmSync(join(this.dir, 'deliveries', `${oldest.id}.json`), { force: true });
    }
  }

  touchDelivery(delivery: Delivery): void {
    if (this.deliveries.includes(delivery)) this.touchedDeliveries.add(delivery);
  }

  flush(): void {
    if (this.directoryTouched) writeJson(join(this.dir, 'directory.json'), this.directory);
    this.directoryTouched = false;
    for (const repository of this.touched) {
      writeJson(join(this.dir, 'repositories', `${repository.id}.json`), repository);
    }
    this.touched.clear();
    for (const delivery of this.touchedDeliveries) {
      writeJson(join(this.dir, 'deliveries', `${delivery.id}.json`), delivery);
    }
    this.touchedDeliveries.clear();
  }
}

function readAll<T>(dir: string): T[] {
  return readdirSync(dir)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => readJson<T>(join(dir, file)) ?? []);
}
