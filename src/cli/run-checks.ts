import { setTimeout as delay } from 'node:timers/promises';
import { broken, type Diagnosis } from '../domain/doctor/diagnosis.ts';
import { RetryLaterError } from '../ports/retry-later.ts';
import { visibleError } from './visible-error.ts';

const OUTAGE_HINT = 'Check its address and the network between here and there, and run this again in a minute.';

const UNEXPECTED_HINT = 'Mend the setting that it names in the environment of the bot; else this is a bug.';

/** One thing that is looked at. */
export interface DoctorCheck {
  /** Stable word for programs. */
  name: string;
  title: string;
  run(): Promise<Diagnosis>;
}

export interface CheckReport extends Diagnosis {
  name: string;
  title: string;
  status: 'ok' | 'warning' | 'broken';
  durationMs: number;
}

/** All at once, each on its own: one that fails, or takes longer than it may, is told and hides no other. */
export function runChecks(checks: readonly DoctorCheck[], timeoutMs: number): Promise<CheckReport[]> {
  return Promise.all(checks.map((check) => runCheck(check, timeoutMs)));
}

async function runCheck({ name, title, run }: DoctorCheck, timeoutMs: number): Promise<CheckReport> {
  const began = performance.now();
  const diagnosis = await bounded(run, timeoutMs);
  return { name, title, status: statusOf(diagnosis), durationMs: Math.round(performance.now() - began), ...diagnosis };
}

async function bounded(run: () => Promise<Diagnosis>, timeoutMs: number): Promise<Diagnosis> {
  const over = new AbortController();
  try {
    const late = delay(timeoutMs, undefined, { signal: over.signal }).then(() => tooLate(timeoutMs));
    // Its end after the check's own is of no interest.
    late.catch(() => undefined);
    return await Promise.race([run(), late]);
  } catch (error) {
    return failed(error);
  } finally {
    over.abort();
  }
}

function tooLate(timeoutMs: number): Diagnosis {
  const problem = `No answer within ${Math.round(timeoutMs / 1000)} s.`;
  return {
    found: 'no answer',
    problems: [broken(problem, 'Check the network between here and there, or give it longer: --timeout SECONDS.')],
  };
}

function failed(error: unknown): Diagnosis {
  const { message, hint } =
    error instanceof RetryLaterError ? { message: error.message, hint: OUTAGE_HINT } : told(error);
  return { found: 'could not be checked', problems: [broken(message, hint)] };
}

/** What no check expected comes with its cause, which is all that there is to go on. */
function told(error: unknown): { message: string; hint: string } {
  const { code, message, hint } = visibleError(error);
  if (code !== 'internal-error' || !(error instanceof Error && error.cause instanceof Error)) return { message, hint };
  return { message: `${message}: ${error.cause.message}`, hint: UNEXPECTED_HINT };
}

function statusOf({ problems }: Diagnosis): CheckReport['status'] {
  if (problems.some(({ level }) => level === 'broken')) return 'broken';
  return problems.length > 0 ? 'warning' : 'ok';
}
