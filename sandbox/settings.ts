import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ENGINE_CHOICES, type EngineChoice } from './choose-engine.ts';
import type { ClusterSettings } from './cluster/connect-cluster.ts';

/** What `npm start` was asked for. */
export interface SandboxSettings {
  port: number;
  dataDir: string;
  once: boolean;
  json: boolean;
  fresh: boolean;
  platformOnly: boolean;
  only: SandboxPart | undefined;
  /** Absent: what the state was made with, else none. */
  engine: EngineChoice | undefined;
  /** A real cluster with Argo CD; absent: the sandbox's own. */
  cluster: ClusterSettings | undefined;
}

const SANDBOX_PARTS = ['github', 'kubernetes', 'postgres'] as const;
export type SandboxPart = (typeof SANDBOX_PARTS)[number];

/** The ports of one sandbox, in a row from `--port`. */
export interface SandboxPorts {
  bot: number;
  github: number;
  kubernetes: number;
  gateway: number;
  postgres: number;
}

export const USAGE = `Usage: npm start -- [options]

Brings the whole platform up on this machine, hosts examples/hello on it, and stays up until Ctrl-C.

  --once           host, call one tool, stop everything, exit 0 (or 1, naming the stage that failed)
  --json           with --once: the last line is one JSON object
  --port N         first of five ports in a row (default 3000): bot, GitHub, Kubernetes, gateway, PostgreSQL
  --data-dir DIR   where state lives (default .mcp-hosting)
  --fresh          forget the state in the data directory first
  --platform-only  bring the platform up without hosting examples/hello
  --only PART      start one part alone: ${SANDBOX_PARTS.join(', ')}
  --engine ENGINE  what builds and runs servers: none (default: this machine's Node and Python, no containers),
                   docker (real images, a registry and containers), auto (docker where it needs to fetch nothing)
  --kubeconfig FILE  host on the real cluster of this kubeconfig, which has Argo CD; images are built by Docker
    --context NAME     its context (default: the current one)
    --registry HOST:PORT
                       where images are pushed to and pulled from (default: what the cluster announces, as kind does)
    --advertise HOST   under which name or address pods reach this machine (default: found out)
  --help           this text
`;

const PORTS_IN_A_ROW = 5;
const DEFAULT_PORT = 3000;
const DEFAULT_DATA_DIR = '.mcp-hosting';
/** What was deployed to a cluster is not what runs here. */
const DEFAULT_CLUSTER_DATA_DIR = '.mcp-hosting-cluster';

export type ParsedSettings =
  | { kind: 'run'; settings: SandboxSettings }
  | { kind: 'help' }
  | { kind: 'problem'; message: string };

/** Parses the command line; every problem names its option. */
export function parseSettings(argv: string[], cwd: string): ParsedSettings {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        port: { type: 'string' },
        'data-dir': { type: 'string' },
        fresh: { type: 'boolean', default: false },
        'platform-only': { type: 'boolean', default: false },
        only: { type: 'string' },
        engine: { type: 'string' },
        kubeconfig: { type: 'string' },
        context: { type: 'string' },
        registry: { type: 'string' },
        advertise: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const port = values.port === undefined ? DEFAULT_PORT : Number(values.port);
    if (!Number.isInteger(port) || port < 1024 || port > 65_535 - PORTS_IN_A_ROW + 1) {
      return { kind: 'problem', message: `--port is "${values.port}", expected a number from 1024 to 65531.` };
    }
    const only = SANDBOX_PARTS.find((part) => part === values.only);
    if (values.only !== undefined && !only) {
      return { kind: 'problem', message: `--only is "${values.only}", expected one of ${SANDBOX_PARTS.join(', ')}.` };
    }
    const engine = ENGINE_CHOICES.find((choice) => choice === values.engine);
    if (values.engine !== undefined && !engine) {
      const expected = ENGINE_CHOICES.join(', ');
      return { kind: 'problem', message: `--engine is "${values.engine}", expected one of ${expected}.` };
    }
    if (values.json && !values.once) return { kind: 'problem', message: '--json goes with --once.' };
    if (only && values.once)
      return { kind: 'problem', message: '--once needs every part, so --only does not go with it.' };
    const wrong = problemOfCluster(values);
    if (wrong) return { kind: 'problem', message: wrong };
    const { kubeconfig, context, registry, advertise } = values;
    const cluster = kubeconfig ? { kubeconfig: resolve(cwd, kubeconfig), context, registry, advertise } : undefined;
    const dataDir = resolve(cwd, values['data-dir'] ?? (cluster ? DEFAULT_CLUSTER_DATA_DIR : DEFAULT_DATA_DIR));
    return {
      kind: 'run',
      settings: {
        port,
        dataDir,
        once: values.once,
        json: values.json,
        fresh: values.fresh,
        platformOnly: values['platform-only'],
        only,
        engine,
        cluster,
      },
    };
  } catch (error) {
    return { kind: 'problem', message: error instanceof Error ? error.message : String(error) };
  }
}

/** Options that say more of a cluster need one, and parts of the sandbox's own do not go with it. */
function problemOfCluster(values: Readonly<Record<string, string | boolean | undefined>>): string | undefined {
  if (values.kubeconfig === '') return '--kubeconfig is "", expected a file.';
  if (values.kubeconfig === undefined) {
    const alone = ['context', 'registry', 'advertise'].find((name) => values[name] !== undefined);
    return alone && `--${alone} goes with --kubeconfig.`;
  }
  if (values.only !== undefined) return '--only starts a part of the sandbox, so --kubeconfig does not go with it.';
  if (values.engine === 'none') return '--kubeconfig needs images, so --engine none does not go with it.';
  return undefined;
}

export function portsFrom(first: number): SandboxPorts {
  return { bot: first, github: first + 1, kubernetes: first + 2, gateway: first + 3, postgres: first + 4 };
}
