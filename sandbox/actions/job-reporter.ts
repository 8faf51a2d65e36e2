import { LINE_CHARACTERS_MAX } from '../images/line-splitter.ts';
import type { SecretMask } from './mask-secrets.ts';
import type { RunJob, RunObserver, RunStep } from './workflow-run.ts';

/** Keeps what observers see of one job: its steps, times and log. */
export class JobReporter {
  readonly #job: RunJob;
  readonly #observer: RunObserver;
  readonly #mask: SecretMask;

  constructor(name: string, observer: RunObserver, mask: SecretMask) {
    this.#job = { name, status: 'queued', conclusion: null, startedAt: null, completedAt: null, steps: [] };
    this.#observer = observer;
    this.#mask = mask;
    this.#report();
  }

  begin(stepNames: readonly string[]): void {
    this.#job.status = 'in_progress';
    this.#job.startedAt = now();
    this.#job.steps = stepNames.map((name, index) => ({
      name: this.#mask.mask(name),
      number: index + 1,
      status: 'queued',
      conclusion: null,
    }));
    this.#report();
  }

  /** A name may hold what earlier steps gave, so it is known only when its step begins. @param index from 0 */
  beginStep(index: number, name: string): void {
    const step = this.#job.steps[index];
    if (step) step.name = this.#mask.mask(name);
    this.step(index, 'in_progress', null);
    this.log(`##[group]${name}`);
    this.log('##[endgroup]');
  }

  /** @param index from 0 */
  step(index: number, status: RunStep['status'], conclusion: RunStep['conclusion']): void {
    const step = this.#job.steps[index];
    if (!step) return;
    step.status = status;
    step.conclusion = conclusion;
    this.#report();
  }

  log(line: string): void {
    const bounded = line.length > LINE_CHARACTERS_MAX * 2 ? line.slice(0, LINE_CHARACTERS_MAX * 2) : line;
    this.#observer.log(this.#job.name, `${now()} ${this.#mask.mask(bounded)}`);
  }

  end(conclusion: NonNullable<RunJob['conclusion']>): void {
    this.#job.status = 'completed';
    this.#job.conclusion = conclusion;
    this.#job.completedAt = now();
    for (const step of this.#job.steps) {
      if (step.status === 'completed') continue;
      step.status = 'completed';
      step.conclusion = conclusion === 'cancelled' ? 'cancelled' : 'skipped';
    }
    this.#report();
  }

  #report(): void {
    this.#observer.job(structuredClone(this.#job));
  }
}

function now(): string {
  return new Date().toISOString();
}
