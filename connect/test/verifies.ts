import type { RequirementId } from '../requirements.ts';

/** The name of a test that verifies these lines of `requirements.ts`: `A foreign Origin is refused [http-origin-403]`. */
export function verifies(ids: RequirementId | RequirementId[], name: string): string {
  return `${name} [${[ids].flat().join(', ')}]`;
}
