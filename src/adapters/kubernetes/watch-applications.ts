import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApplicationState } from '../../domain/cluster-state.ts';
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
 * ends is opened again where it ended, and after 410 Gone comes a list. Failures wait, doubling. Only what is new is told:
 * Argo CD writes each Application anew every three minutes, and thousands that stayed as they were are no news.
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
  /** What was last told of each server: what a list lacks of them was deleted unseen. */
  #told = new Map<string, string>();
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
    const { applications, resourceVersion } = await listApplications(this.#client, this.#namespace);
    if (this.#options.signal.aborted) return resourceVersion;
    const present = new Set(applications.map((application) => application.serverId));
    for (const application of applications) this.#tellChange(application);
    for (const serverId of this.#told.keys()) if (!present.has(serverId)) this.#tellGone(serverId);
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
      this.#tellGone(serverId);
      return;
    }
    const application = parseApplication(object);
    if (application) this.#tellChange(application);
  }

  #tellChange(application: ApplicationState): void {
    const { serverId } = application;
    const fingerprint = fingerprintOf(application);
    if (this.#told.get(serverId) === fingerprint) return;
    this.#told.set(serverId, fingerprint);
    // What did not arrive is told again at the next list, by being unknown; as gone, where it has gone meanwhile.
    this.#tell(
      () => this.#options.onChange(application),
      () => this.#told.set(serverId, ''),
    );
  }

  #tellGone(serverId: string): void {
    this.#told.delete(serverId);
    this.#tell(
      () => this.#options.onGone(serverId),
      () => this.#told.set(serverId, ''),
    );
  }

  /** A listener that fails must not end the watch. */
  #tell(listener: () => void | Promise<void>, onFailure: () => void): void {
    const fail = (error: unknown): void => {
      onFailure();
      this.#log.error({ err: error }, 'Listener of Applications failed');
    };
    try {
      listener()?.catch(fail);
    } catch (error) {
      fail(error);
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

/** Of everything but the time of Argo CD's last look; short, since there are thousands. */
function fingerprintOf(application: ApplicationState): string {
  return createHash('sha256')
    .update(JSON.stringify({ ...application, reconciledAt: null }))
    .digest('base64');
}
