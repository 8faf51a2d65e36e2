import type { YamlPath } from '../locate-in-yaml.ts';
import { formatPath } from '../schema-problems.ts';

/** One thing in a manifest that may not be deployed, by its path in the document. */
export interface Finding {
  path: YamlPath;
  part: 'key' | 'value';
  message: string;
}

/** `Cannot deploy spec.type: it is "LoadBalancer", expected ClusterIP`. */
export function finding(path: YamlPath, state: string, expected: string, part: Finding['part'] = 'value'): Finding {
  return { path, part, message: `Cannot deploy ${formatPath(path)}: ${state}, expected ${expected}` };
}
