import { UserError } from '../../src/domain/user-error.ts';

/** `Cannot read Dockerfile line N: <actual>, expected <expected>` */
export function invalidLine(line: number, actual: string, expected: string): UserError {
  return new UserError(
    'dockerfile-invalid',
    `Cannot read Dockerfile line ${line}: ${bounded(actual)}, expected ${expected}`,
    'Mend the Dockerfile and push it again.',
  );
}

/** For what Docker builds, but this builder does not. */
export function needsDocker(line: number, actual: string, expected: string): UserError {
  return new UserError(
    'dockerfile-needs-docker',
    `Cannot build Dockerfile line ${line} without a container engine: ${bounded(actual)}, expected ${expected}`,
    'Change the line, or let Docker build it: npm start -- --fresh --engine docker.',
  );
}

/** Characters of somebody's Dockerfile that a message quotes. */
const QUOTED_CHARACTERS_MAX = 200;

function bounded(text: string): string {
  return text.length > QUOTED_CHARACTERS_MAX ? `${text.slice(0, QUOTED_CHARACTERS_MAX)}…` : text;
}
