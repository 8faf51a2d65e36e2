/** Holds one place in a concurrency group. */
interface Holder {
  cancel(): void;
  released: Promise<void>;
}

interface Group {
  running: Holder;
  waiting: Holder | null;
}

interface EnterOptions {
  cancelInProgress: boolean;
  /** Called when another one takes the place. */
  cancel: () => void;
  signal: AbortSignal;
}

export interface ConcurrencyGroups {
  /**
   * Waits for the place in a group. As on GitHub, a group has one that runs and one that waits: whoever comes takes the
   * waiting place and cancels who had it, and with `cancelInProgress` also who runs.
   *
   * @returns a function that gives the place back; it must be called, also after a cancel. Returns early on abort.
   */
  enter(name: string, options: EnterOptions): Promise<() => void>;
}

export function createConcurrencyGroups(): ConcurrencyGroups {
  const groups = new Map<string, Group>();

  return {
    async enter(name, { cancelInProgress, cancel, signal }) {
      let release = (): void => undefined;
      const holder: Holder = {
        cancel,
        released: new Promise((resolve) => {
          release = resolve;
        }),
      };
      const leave = (): void => {
        release();
        const group = groups.get(name);
        if (group?.waiting === holder) group.waiting = null;
        if (group?.running !== holder) return;
        if (group.waiting) groups.set(name, { running: group.waiting, waiting: null });
        else groups.delete(name);
      };
      const group = groups.get(name);
      if (!group) {
        groups.set(name, { running: holder, waiting: null });
        return leave;
      }
      group.waiting?.cancel();
      if (cancelInProgress) group.running.cancel();
      group.waiting = holder;
      await Promise.race([group.running.released, aborted(signal)]);
      return leave;
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
