/** What `.mcp-hosting.yml` says, defaults filled in. */
export interface ServerConfig {
  /** Display name, and the slug of a new server id. Default: the repository's name. */
  name?: string;
  /** Absent: detected from the repository's files. */
  runtime?: ServerRuntime;
  /** The stdio server's argv inside the image. Absent: found from the package's own metadata at build time. */
  command?: string[];
  /** Names of environment variables whose values stand in the server's Secret. */
  env: string[];
  /** Where their values come from: set through the platform, or from the store that the deployments policy names. */
  secrets: 'cluster' | 'external';
  resources: {
    requests: { cpu: string; memory: string };
    limits: { cpu: string; memory: string };
  };
  /** `requestsPerSecond`: what one replica is meant to carry before another is added. */
  scaling: { min: number; max: number; requestsPerSecond?: number };
  /** Further host names of the endpoint. */
  domains?: string[];
  /** `private`: an access key is asked for. `public`: anyone who knows the URL. */
  access: 'private' | 'public';
  rateLimit?: { requestsPerMinute: number };
  /** Absent: the namespace's default. Given: a NetworkPolicy that allows DNS and these alone. */
  egress?: { cidr: string; ports: number[] }[];
  sessions: 'shared' | 'isolated';
}

export type ServerRuntime = 'node' | 'python' | 'docker';

/** One thing wrong in `.mcp-hosting.yml`, on the line it stands (1-based). */
export interface ConfigProblem {
  path: string;
  message: string;
  line: number;
  endLine: number;
}
