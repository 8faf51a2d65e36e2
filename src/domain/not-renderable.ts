import { UserError } from './user-error.ts';

/** An overlay that goes beyond what mcp-hosting renders itself. `line` is 1-based; 1 where the file as a whole is meant. */
export class NotRenderableError extends UserError {
  readonly file: string;
  readonly line: number;

  constructor(place: { file: string; line?: number }, state: string, expected: string) {
    super(
      'overlay-not-renderable',
      `Cannot render ${place.file}: ${state}, expected ${expected}`,
      'Undo the change in the deployments repository, or comment /host to have the overlay written anew.',
    );
    this.name = 'NotRenderableError';
    this.file = place.file;
    this.line = place.line ?? 1;
  }
}

export function notRenderable(file: string, state: string, expected: string, line = 1): NotRenderableError {
  return new NotRenderableError({ file, line }, state, expected);
}
