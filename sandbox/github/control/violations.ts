/** Entries kept; a test run fails on the first. */
const ENTRIES_MAX = 200;

/** Requests and answers that are not as GitHub's own schemas have them. */
export class Violations {
  readonly entries: { at: string; where: string; fault: string }[] = [];
  private readonly log: (line: string) => void;

  constructor(log: (line: string) => void) {
    this.log = log;
  }

  add(where: string, faults: readonly string[]): void {
    for (const fault of faults) {
      this.log(`GitHub schema violation: ${where}: ${fault}`);
      if (this.entries.length < ENTRIES_MAX) this.entries.push({ at: new Date().toISOString(), where, fault });
    }
  }

  clear(): void {
    this.entries.length = 0;
  }
}
