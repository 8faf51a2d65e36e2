/** One thing that was looked at, in the order in which a connection needs them. */
export interface Check {
  name: CheckName;
  state: 'ok' | 'warning' | 'failed' | 'skipped';
  detail: string;
  /** What to do, where something is wrong. */
  cure?: string;
  /** How long it took. */
  ms?: number;
}

export const CHECK_NAMES = [
  'configuration',
  'proxy',
  'name',
  'connection',
  'certificate',
  'sign-in',
  'handshake',
  'tools',
  'latency',
] as const;

export type CheckName = (typeof CHECK_NAMES)[number];
