import { setTimeout as delay } from 'node:timers/promises';
import type { Applications } from '../../ports/cluster.ts';
import type { Log } from '../../ports/log.ts';
import type { ClusterClient } from './cluster-client.ts';
import { WATCH_BACKOFF_MS, WATCH_BACKOFF_MS_MAX } from './cluster-limits.ts';
import { listApplications } from './list-applications.ts';
import { type Json, parseApplication, resourceVersionOf, serverIdOf } from './parse-application.ts';
import { watchOnce } from './watch-once.ts';

type WatchOptions = Parameters<Applications['watch']>[0];

/**
 * List, then watch from there until `relistMs` have passed, and again. A list finds what a watch has missed; a watch that
 * ends is opened again where it ended, and after 410 Gone comes a list. Failures wait, doubling.
 */
export function watchApplications(client: ClusterClient, namespace: string, log: Log, options: WatchOptions): void {
  const watcher = new ApplicationWatcher(client, namespace, log, options);
  void watcher.run();
}

class ApplicationWatcher {
  readonly #client: ClusterClient;
  readonly #namespace: string;
  readonly #log: Log;
  readonly #options: WatchOptions;
  /** Server ids seen and not gone: what a list lacks of them was deleted unseen. */
  #seen = new Set<string>();
  #backoffMs = WATCH_BACKOFF_MS;

  constructor(client: ClusterClient, namespace: string, log: Log, options: WatchOptions) {
    this.#client = client;
    this.#namespace = namespace;
    this.#log = log;
    this.#options = options;
  }

  async run(): Promise<void> {
    while (!this.#options.signal.aborted) {
      try {
        const resourceVersion = await this.#relist();
        await this.#watchUntilRelist(resourceVersion);
      } catch (error) {
        this.#log.warn({ err: error }, 'Applications could not be watched');
        await this.#backOff();
      }
    }
  }

  async #relist(): Promise<string | undefined> {
    const { objects, resourceVersion } = await listApplications(this.#client, this.#namespace);
    if (this.#options.signal.aborted) return resourceVersion;
    const applications = objects.map(parseApplication).filter((application) => application !== undefined);
    const present = new Set(applications.map((application) => application.serverId));
    const gone = [...this.#seen].filter((serverId) => !present.has(serverId));
    this.#seen = present;
    for (const application of applications) this.#tell(() => this.#options.onChange(application));
    for (const serverId of gone) this.#tell(() => this.#options.onGone(serverId));
    return resourceVersion;
  }

  /** Returns when it is time to list again; throws when the watch fails. */
  async #watchUntilRelist(from: string | undefined): Promise<void> {
    const relist = AbortSignal.timeout(this.#options.relistMs);
    const signal = AbortSignal.any([this.#options.signal, relist]);
    let resourceVersion = from;
    while (!signal.aborted) {
      const end = await watchOnce(this.#client, {
        namespace: this.#namespace,
        resourceVersion,
        signal,
        onEvent: (type, object) => {
          resourceVersion = resourceVersionOf(object) ?? resourceVersion;
          this.#backoffMs = WATCH_BACKOFF_MS;
          this.#receive(type, object);
        },
      });
      if (end.kind === 'gone') return;
      if (end.kind === 'failed') throw end.error;
    }
  }

  #receive(type: string, object: Json): void {
    const serverId = serverIdOf(object);
    if (type === 'BOOKMARK' || serverId === undefined || this.#options.signal.aborted) return;
    if (type === 'DELETED') {
      this.#seen.delete(serverId);
      this.#tell(() => this.#options.onGone(serverId));
      return;
    }
    const application = parseApplication(object);
    if (!application) return;
    this.#seen.add(serverId);
    this.#tell(() => this.#options.onChange(application));
  }

  /** A listener that throws must not end the watch. */
  #tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#log.error({ err: error }, 'Listener of Applications failed');
    }
  }

  async #backOff(): Promise<void> {
    const wait = this.#backoffMs;
    this.#backoffMs = Math.min(wait * 2, WATCH_BACKOFF_MS_MAX);
    try {
      await delay(wait, undefined, { signal: this.#options.signal, ref: false });
    } catch {
      // Aborted: the loop's condition ends it.
    }
  }
}
