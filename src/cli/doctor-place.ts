import type { Config } from '../config.ts';

/** What every check is given. */
export interface DoctorPlace {
  config: Config;
  now(): Date;
  /** Of one check. */
  timeoutMs: number;
}

const silent = () => undefined;

/** The doctor tells what it finds by itself. */
export const SILENT_LOG = { debug: silent, info: silent, warn: silent, error: silent };
