import { UserError } from './user-error.ts';

/** An overlay that goes beyond what mcp-hosting renders itself. */
export function notRenderable(file: string, state: string, expected: string): UserError {
  return new UserError(
    'overlay-not-renderable',
    `Cannot render ${file}: ${state}, expected ${expected}`,
    'Undo the change in the deployments repository, or comment /host to have the overlay written anew.',
  );
}
