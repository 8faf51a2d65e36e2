import { Command, InvalidArgumentError, Option } from 'commander';
import { readOwnVersion } from '../scaffold-files.ts';
import { type BootstrapOptions, runBootstrap } from './bootstrap-command.ts';
import { type ChangeOptions, type DeleteOptions, runChange, runDelete } from './change-command.ts';
import type { CliContext, CommonOptions } from './cli-context.ts';
import { type DoctorOptions, runDoctor } from './doctor-command.ts';
import { EXIT_CODES_HELP } from './exit-codes.ts';
import { type HostCommandOptions, runHost } from './host-command.ts';
import { type KeysCreateOptions, runKeysCreate, runKeysList, runKeysRevoke } from './keys-command.ts';
import { runList } from './list-command.ts';
import { type LogsOptions, runLogs } from './logs-command.ts';
import { runMigrate } from './migrate-command.ts';
import { runSecretsList, runSecretsSet, runSecretsUnset } from './secrets-command.ts';
import { runStatus } from './status-command.ts';
import { runTokenCreate, runTokenList, runTokenRevoke } from './token-command.ts';

/** The most lines the API gives at once. */
const LOG_LINES_MAX = 1_000;
const LOG_LINES_DEFAULT = 100;

/** Of one check of the doctor: GitHub and the API server answer in one or two. */
const DOCTOR_SECONDS_DEFAULT = 15;
const DOCTOR_SECONDS_MAX = 300;

/** The `mcp-hosting` command. It throws instead of ending the process, so that tests can hold it. */
export function createProgram(context: CliContext): Command {
  const program = new Command('mcp-hosting')
    .description(
      'Hosts MCP servers by GitHub and GitOps. Run it beside a sandbox (`npm start`), or set MCP_HOSTING_API_URL.',
    )
    .version(readOwnVersion(), '--version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.terminal.stdout.write(text),
      writeErr: (text) => context.terminal.stderr.write(text),
    })
    .showSuggestionAfterError()
    .addHelpText('after', EXIT_CODES_HELP);
  addHosting(program, context);
  addLooking(program, context);
  addChanging(program, context);
  addSecrets(program, context);
  addKeys(program, context);
  addToken(program, context);
  addPlatform(program, context);
  return program;
}

function addHosting(program: Command, context: CliContext): void {
  common(program.command('host'))
    .description('push a folder as a server repository, comment /host there, and follow it until it runs')
    .argument('<dir>', 'the folder that holds the server; .gitignore is respected, credentials are left out')
    .option('--name <name>', "name of the repository (default: the package's, else the folder's)")
    .option('--owner <owner>', 'organisation or person that owns it (default: of the deployments repository)')
    .option('--private', 'create the repository as a private one')
    .option('--no-merge', 'leave the deployment pull request to someone else')
    .action((directory: string, options: HostCommandOptions) => runHost(context, directory, options));
}

function addLooking(program: Command, context: CliContext): void {
  common(program.command('list'))
    .description('list the hosted servers')
    .action((options: CommonOptions) => runList(context, options));
  common(withId(program.command('status')))
    .description('say how a server stands')
    .action((id: string, options: CommonOptions) => runStatus(context, id, options));
  common(withId(program.command('logs')))
    .description("print a server's last log lines")
    .option('--lines <n>', `how many, ${LOG_LINES_MAX} at most`, lineCount, LOG_LINES_DEFAULT)
    .option('--follow', 'go on with new ones until Ctrl-C')
    .action((id: string, options: LogsOptions) => runLogs(context, id, options));
}

function addChanging(program: Command, context: CliContext): void {
  for (const [change, description] of [
    ['stop', 'stop a server, keeping its address and keys'],
    ['start', 'start a stopped server'],
  ] as const) {
    changing(program.command(change))
      .description(description)
      .action((id: string, options: ChangeOptions) => runChange(context, change, id, options));
  }
  changing(program.command('delete'))
    .description('delete a server with its address, keys and secrets')
    .option('--yes', 'do not ask')
    .addOption(new Option('--dry-run', 'say what would go, and do nothing'))
    .action((id: string, options: DeleteOptions) => runDelete(context, id, options));
}

function addSecrets(program: Command, context: CliContext): void {
  const secrets = program.command('secrets').description("values of a server's variables");
  common(withId(secrets.command('set')))
    .description('set a value, typed or piped, and replace the pods that use it')
    .argument('<name>', 'name of the variable, as under env in .mcp-hosting.yml')
    .action((serverId: string, name: string, options: CommonOptions) =>
      runSecretsSet(context, { serverId, name }, options),
    );
  common(withId(secrets.command('list')))
    .description('list the names, who set them last, and those that are missing')
    .action((id: string, options: CommonOptions) => runSecretsList(context, id, options));
  common(withId(secrets.command('unset')))
    .description('take a value away')
    .argument('<name>', 'name of the variable')
    .action((serverId: string, name: string, options: CommonOptions) =>
      runSecretsUnset(context, { serverId, name }, options),
    );
}

function addKeys(program: Command, context: CliContext): void {
  const keys = program.command('keys').description('access keys of a server');
  common(withId(keys.command('create')))
    .description('make an access key, print it once, and say how to use it')
    .option('--name <name>', 'whom or what it is for (default: your user name)')
    .option('--expires-in <time>', 'such as 12h, 90d or 1y (default: never)')
    .action((id: string, options: KeysCreateOptions) => runKeysCreate(context, id, options));
  common(withId(keys.command('list')))
    .description('list the keys with their last use and expiry')
    .action((id: string, options: CommonOptions) => runKeysList(context, id, options));
  common(withId(keys.command('revoke')))
    .description('end a key for good')
    .argument('<key>', 'id of the key, as `mcp-hosting keys list` shows it')
    .action((serverId: string, keyId: string, options: CommonOptions) =>
      runKeysRevoke(context, { serverId, keyId }, options),
    );
}

function addToken(program: Command, context: CliContext): void {
  const token = program.command('token').description('tokens of the API');
  common(token.command('create'))
    .description('make an API token and print it once; needs DATABASE_URL')
    .requiredOption('--name <name>', 'who or what it is for')
    .action((options: CommonOptions & { name: string }) => runTokenCreate(context, options));
  common(token.command('list'))
    .description('list the API tokens with their last use; needs DATABASE_URL')
    .action((options: CommonOptions) => runTokenList(context, options));
  common(token.command('revoke'))
    .description('end an API token for good; needs DATABASE_URL')
    .argument('<id>', 'id of the token, as `mcp-hosting token list` shows it')
    .action((id: string, options: CommonOptions) => runTokenRevoke(context, id, options));
}

function addPlatform(program: Command, context: CliContext): void {
  common(program.command('doctor'))
    .description('look at a live installation from end to end, and say what mends what is broken')
    .option('--only <check...>', 'these checks alone, by the names that --json gives')
    .option('--timeout <seconds>', 'for each check', seconds, DOCTOR_SECONDS_DEFAULT)
    .action((options: DoctorOptions) => runDoctor(context, options));
  common(program.command('migrate'))
    .description('make or update the tables of the database; needs DATABASE_URL')
    .action((options: CommonOptions) => runMigrate(context, options));
  const bootstrap = common(program.command('bootstrap'))
    .description('propose the scaffold of a deployments repository, or what a newer version changes in it')
    .requiredOption('--repository <owner/name>', 'the deployments repository')
    .option('--domain <domain>', 'the domain whose subdomains are the servers; the next runs remember it, as all below')
    .addOption(
      new Option('--route <kind>', 'how servers are reached (default: gateway)').choices(['gateway', 'ingress']),
    )
    .addOption(
      new Option('--implementation <name>', 'what carries the routes out (default: envoy-gateway, nginx)').choices([
        'envoy-gateway',
        'nginx',
        'other',
      ]),
    )
    .option('--scale-to-zero', 'servers may be at zero: KEDA and its HTTP add-on are there')
    .option('--no-scale-to-zero', 'they may not')
    .option('--autoscale', 'servers may have more replicas under load: metrics-server is there')
    .option('--no-autoscale', 'they may not')
    .option('--monitoring', 'the Prometheus operator is there (default)')
    .option('--no-monitoring', 'it is not')
    .option('--servers <n>', 'how many servers the quota is sized for (default: 100)', wholeNumber)
    .addOption(new Option('--merge <who>', 'who merges deployments (default: review)').choices(['review', 'auto']))
    .option('--code-owner <@who...>', 'who reviews everything but deployments: @person or @org/team')
    .option('--cluster-issuer <name>', "cert-manager's issuer with a DNS-01 solver (default: letsencrypt-prod)")
    .option('--gateway-class <name>', 'GatewayClass of the Gateway (default: envoy)')
    .option('--gateway-namespace <name>', 'where the Gateway is (default: gateway)')
    .option('--ingress-class <name>', 'IngressClass of the Ingresses (default: nginx)')
    .option('--proxy-namespace <name...>', 'where the pods are that forward requests to servers')
    .option('--monitoring-namespace <name>', 'where Prometheus and Grafana are (default: monitoring)')
    .option('--platform-host <name>', 'host name of mcp-hosting itself (default: hosting.<domain>)')
    .option('--image <reference>', "the bot's image (default: this version's)");
  bootstrap
    .option('--output <dir>', 'write to a folder; GitHub is not needed then')
    .addOption(new Option('--dry-run', 'print the diff, and write nothing'))
    .action((options: BootstrapOptions) => runBootstrap(context, options));
}

function common(command: Command): Command {
  return command
    .option('--json', 'print JSON on stdout, and progress on stderr')
    .option('--data-dir <dir>', 'folder of the sandbox (default: .mcp-hosting here or above)');
}

function changing(command: Command): Command {
  return common(withId(command))
    .option('--no-wait', 'return once it was asked for')
    .option('--no-merge', 'leave the deployment pull request to someone else');
}

function withId(command: Command): Command {
  return command.argument('<id>', 'server id, as `mcp-hosting list` shows it');
}

function lineCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= LOG_LINES_MAX) return count;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${LOG_LINES_MAX}.`);
}

function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number.');
}

function seconds(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= DOCTOR_SECONDS_MAX) return value;
  throw new InvalidArgumentError(`Expected a number up to ${DOCTOR_SECONDS_MAX}.`);
}
