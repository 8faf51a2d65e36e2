import { Command, InvalidArgumentError, Option } from 'commander';
import { type ChangeOptions, type DeleteOptions, runChange, runDelete } from './change-command.ts';
import type { CliContext, CommonOptions } from './cli-context.ts';
import { EXIT_CODES_HELP } from './exit-codes.ts';
import { type HostCommandOptions, runHost } from './host-command.ts';
import { type KeysCreateOptions, runKeysCreate, runKeysList, runKeysRevoke } from './keys-command.ts';
import { runList } from './list-command.ts';
import { type LogsOptions, runLogs } from './logs-command.ts';
import { runSecretsList, runSecretsSet, runSecretsUnset } from './secrets-command.ts';
import { runStatus } from './status-command.ts';
import { runTokenCreate, runTokenList, runTokenRevoke } from './token-command.ts';

/** The most lines the API gives at once. */
const LOG_LINES_MAX = 1_000;
const LOG_LINES_DEFAULT = 100;

/** The `mcp-hosting` command. It throws instead of ending the process, so that tests can hold it. */
export function createProgram(context: CliContext): Command {
  const program = new Command('mcp-hosting')
    .description(
      'Hosts MCP servers by GitHub and GitOps. Run it beside a sandbox (`npm start`), or set MCP_HOSTING_API_URL.',
    )
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
