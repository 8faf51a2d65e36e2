import { parseArgs } from 'node:util';
import { describeError } from './describe-error.ts';

const SCENARIOS = ['wrapper', 'sessions', 'soak', 'connect', 'applications'] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

export interface BenchSettings {
  scenarios: readonly ScenarioName[];
  rounds: number;
  seconds: number;
  concurrencies: readonly number[];
  /** What the soak sends and leaves behind. */
  soakRequests: number;
  soakSessions: number;
  json: boolean;
  strict: boolean;
}

export const USAGE = `Usage: npm run bench [-- [scenario…] [options]]

Measures the built wrapper and connect against their peers and against a bare bridge, and compares with what was promised.

  wrapper    calls per second, latency, memory, time until ready
  sessions   time of a new session, memory of an open one
  soak       memory over many requests and abandoned sessions
  connect    mcp-connect beside mcp-remote: start, calls, added latency, memory
  applications
             how the bot follows 2,000 Applications: events, relists, memory
  Without a scenario: all of them.

  --rounds N           times everything is measured, interleaved (default 3)
  --seconds S          of measuring, for each of them (default 6)
  --concurrency LIST   calls in flight (default 1,16,64)
  --soak-requests N    (default 1000000)
  --soak-sessions N    abandoned on the way (default 10000)
  --json               the result as one JSON object on stdout
  --strict             exit 1 when a promise is missed
  --help               this text
`;

export type ParsedArguments =
  | { kind: 'run'; settings: BenchSettings }
  | { kind: 'help' }
  | { kind: 'problem'; message: string };

/** Parses the command line; a problem names its option. */
export function parseBenchArguments(argv: readonly string[]): ParsedArguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '6' },
        concurrency: { type: 'string', default: '1,16,64' },
        'soak-requests': { type: 'string', default: '1000000' },
        'soak-sessions': { type: 'string', default: '10000' },
        json: { type: 'boolean', default: false },
        strict: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const scenarios = positionals.length === 0 ? SCENARIOS : positionals.map(parseScenario);
    return {
      kind: 'run',
      settings: {
        scenarios,
        rounds: parseNumber('--rounds', values.rounds, { min: 1, max: 1000, isWhole: true }),
        seconds: parseNumber('--seconds', values.seconds, { min: 0.1, max: 3600, isWhole: false }),
        concurrencies: values.concurrency
          .split(',')
          .map((text) => parseNumber('--concurrency', text, { min: 1, max: 1000, isWhole: true })),
        soakRequests: parseNumber('--soak-requests', values['soak-requests'], { min: 1000, max: 1e9, isWhole: true }),
        soakSessions: parseNumber('--soak-sessions', values['soak-sessions'], { min: 0, max: 1e7, isWhole: true }),
        json: values.json,
        strict: values.strict,
      },
    };
  } catch (error) {
    // What parseArgs throws names the option, and so does what is thrown below.
    return { kind: 'problem', message: describeError(error) };
  }
}

function parseScenario(text: string): ScenarioName {
  const scenario = SCENARIOS.find((name) => name === text);
  if (scenario) return scenario;
  throw new Error(`"${text}" is no scenario, expected ${SCENARIOS.join(', ')}.`);
}

function parseNumber(
  option: string,
  text: string,
  { min, max, isWhole }: { min: number; max: number; isWhole: boolean },
): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (number >= min && number <= max && (!isWhole || Number.isInteger(number))) return number;
  throw new Error(`${option} is "${text}", expected a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}.`);
}
