/** Something that a look at the installation found wrong. */
export interface DoctorProblem {
  /** `broken`: hosting does not work, or will not for some servers. `warning`: it works, and somebody should know. */
  level: 'broken' | 'warning';
  /** A sentence: what is there, and what is expected. */
  problem: string;
  /** The command that mends it, or where to go and what to do. */
  fix: string;
}

/** What one check found. */
export interface Diagnosis {
  /** What was seen, in a few words; shown where nothing is wrong too. */
  found: string;
  problems: readonly DoctorProblem[];
}

export function broken(problem: string, fix: string): DoctorProblem {
  return { level: 'broken', problem, fix };
}

export function warning(problem: string, fix: string): DoctorProblem {
  return { level: 'warning', problem, fix };
}
