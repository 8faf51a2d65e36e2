import type { BenchSettings } from './bench-arguments.ts';
import type { Check } from './promises.ts';

export interface ScenarioContext {
  settings: BenchSettings;
  /** One line about what goes on. */
  progress: (line: string) => void;
}

export interface ScenarioReport {
  title: string;
  /** Markdown, for people. */
  table: string;
  /** The same for programs. */
  rows: readonly object[];
  checks: readonly Check[];
  /** What did not run, one sentence each. Empty when everything was measured. */
  failures: readonly string[];
}

export type Scenario = (context: ScenarioContext) => Promise<ScenarioReport>;
