import type { ServerConfig, ServerRuntime } from './server-config.ts';

export interface RuntimeEvidence {
  config: Pick<ServerConfig, 'runtime'>;
  /** Files at the root of the server repository; null where absent. */
  packageJsonText: string | null;
  pyprojectText: string | null;
  requirementsPresent: boolean;
  dockerfilePresent: boolean;
}

export type DetectedRuntime =
  | { ok: true; runtime: ServerRuntime }
  | { ok: false; problem: { code: 'runtime-not-detected' | 'dockerfile-missing'; message: string; hint: string } };

/**
 * Which runtime builds the server. The configured one wins; then `package.json` means node, `pyproject.toml` or
 * `requirements.txt` means python, and a `Dockerfile` alone means docker: beside a package file it is more often for
 * development than for the stdio server.
 */
export function detectRuntime(evidence: RuntimeEvidence): DetectedRuntime {
  const configured = evidence.config.runtime;
  if (configured === 'docker' && !evidence.dockerfilePresent) {
    return {
      ok: false,
      problem: {
        code: 'dockerfile-missing',
        message: 'Cannot build the server: runtime is "docker" and there is no Dockerfile, expected one at the root',
        hint: 'Add a Dockerfile, or set runtime to node or python in .mcp-hosting.yml.',
      },
    };
  }
  if (configured) return { ok: true, runtime: configured };
  if (evidence.packageJsonText !== null) return { ok: true, runtime: 'node' };
  if (evidence.pyprojectText !== null || evidence.requirementsPresent) return { ok: true, runtime: 'python' };
  if (evidence.dockerfilePresent) return { ok: true, runtime: 'docker' };
  return {
    ok: false,
    problem: {
      code: 'runtime-not-detected',
      message:
        'Cannot build the server: the repository has none of the files that tell its runtime, expected package.json, pyproject.toml, requirements.txt or Dockerfile at the root',
      hint: 'Add one of them, or set runtime in .mcp-hosting.yml to node, python or docker.',
    },
  };
}
