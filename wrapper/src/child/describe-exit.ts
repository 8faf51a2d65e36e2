import type { ChildExit } from './child-process.ts';

/** A sentence's end for people. */
export function describeExit(exit: ChildExit): string {
  switch (exit.kind) {
    case 'exited':
      return `exited with code ${exit.code}`;
    case 'killed':
      return `was killed by ${exit.signal}`;
    case 'not-started':
      return `could not be started (${exit.code})`;
  }
}
