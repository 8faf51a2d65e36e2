import { flagOf, isSwitch, OPTIONS, type OptionName, specOf } from '../config/options.ts';
import { SetupError } from '../setup-error.ts';
import type { CommandContext } from './command-context.ts';
import { COMMANDS, type CommandName, commandOf, EXIT, type FlagSpec, SHELLS } from './command-table.ts';

/** Prints what a shell needs to complete commands, flags and their values. */
export async function runCompletion({ command, print }: CommandContext): Promise<number> {
  const shell = SHELLS.find((name) => name === command.arguments[0]);
  if (!shell) {
    throw new SetupError(
      'shell-unknown',
      `Cannot complete for "${command.arguments[0]}": expected ${SHELLS.join(', ')}`,
      'Add it to your shell’s start file, for example: source <(mcp-connect completion bash)',
    );
  }
  print(SCRIPTS[shell]());
  return EXIT.ok;
}

const SCRIPTS: Record<(typeof SHELLS)[number], () => string> = {
  bash: renderBash,
  zsh: () => `#compdef mcp-connect\nautoload -U +X bashcompinit && bashcompinit\n${renderBash()}`,
  fish: renderFish,
  powershell: renderPowerShell,
};

interface Flag {
  name: string;
  help: string;
  takesValue: boolean;
  values: readonly string[];
}

const COMMAND_NAMES = Object.keys(COMMANDS) as CommandName[];

function optionFlags(): Flag[] {
  return (Object.keys(OPTIONS) as OptionName[]).map((name) => {
    const { help, values = [] } = specOf(name);
    return { name: flagOf(name), help, takesValue: !isSwitch(name), values: isSwitch(name) ? [] : values };
  });
}

function flagsOf(name: CommandName): Flag[] {
  const { flags, takesOptions } = commandOf(name);
  const own = Object.entries<FlagSpec>(flags).map(([flag, { help, placeholder, values = [] }]) => ({
    name: `--${flag}`,
    help,
    takesValue: placeholder !== undefined,
    values,
  }));
  return [...own, ...(takesOptions ? optionFlags() : [])];
}

function allFlags(): Flag[] {
  const named = new Map(COMMAND_NAMES.flatMap(flagsOf).map((flag) => [flag.name, flag]));
  return [...named.values()];
}

function renderBash(): string {
  const values = allFlags().filter((flag) => flag.takesValue);
  return [
    '_mcp_connect() {',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: for the shell
    '  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" command="" word words',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: for the shell
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    `    case "$word" in ${COMMAND_NAMES.join('|')}) command="$word"; break ;; esac`,
    '  done',
    '  case "$previous" in',
    ...values.map(({ name, values: choices }) =>
      choices.length > 0
        ? `    ${name}) COMPREPLY=($(compgen -W "${choices.join(' ')}" -- "$current")); return ;;`
        : `    ${name}) COMPREPLY=($(compgen -f -- "$current")); return ;;`,
    ),
    '  esac',
    '  case "$command" in',
    ...COMMAND_NAMES.map((name) => {
      const extra = name === 'completion' ? SHELLS : [];
      return `    ${name}) words="${[...extra, ...flagsOf(name).map((flag) => flag.name), '--help'].join(' ')}" ;;`;
    }),
    `    *) words="${[...COMMAND_NAMES, 'help', '--help', '--version'].join(' ')}" ;;`,
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    'complete -F _mcp_connect mcp-connect',
    '',
  ].join('\n');
}

function renderFish(): string {
  const commands = COMMAND_NAMES.join(' ');
  return [
    'complete -c mcp-connect -f',
    ...COMMAND_NAMES.map(
      (name) =>
        `complete -c mcp-connect -n "not __fish_seen_subcommand_from ${commands}" -a ${name} -d ${quote(commandOf(name).summary)}`,
    ),
    ...COMMAND_NAMES.flatMap((name) => flagsOf(name).map((flag) => renderFishFlag(name, flag))),
    `complete -c mcp-connect -n "__fish_seen_subcommand_from completion" -a ${quote(SHELLS.join(' '))}`,
    '',
  ].join('\n');
}

function renderFishFlag(command: CommandName, { name, help, takesValue, values }: Flag): string {
  const choices = values.length > 0 ? ` -a ${quote(values.join(' '))}` : '';
  const value = takesValue ? ` -r${values.length > 0 ? ' -f' : ' -F'}${choices}` : '';
  return `complete -c mcp-connect -n "__fish_seen_subcommand_from ${command}" -l ${name.slice(2)}${value} -d ${quote(help)}`;
}

function renderPowerShell(): string {
  const table = COMMAND_NAMES.map((name) => `    '${name}' = @(${list(flagsOf(name).map((flag) => flag.name))})`);
  const values = allFlags()
    .filter((flag) => flag.values.length > 0)
    .map((flag) => `    '${flag.name}' = @(${list(flag.values)})`);
  return [
    'Register-ArgumentCompleter -Native -CommandName mcp-connect -ScriptBlock {',
    '  param($word, $ast, $position)',
    '  $flags = @{',
    ...table,
    '  }',
    '  $values = @{',
    ...values,
    '  }',
    '  $words = @($ast.CommandElements | ForEach-Object { $_.ToString() })',
    '  $before = if ($word -eq "") { $words[-1] } else { $words[-2] }',
    '  $command = $words | Where-Object { $flags.ContainsKey($_) } | Select-Object -First 1',
    '  $found = if ($values.ContainsKey("$before")) { $values["$before"] }',
    `    elseif ($command -eq 'completion') { @(${list(SHELLS)}) }`,
    '    elseif ($command) { $flags[$command] }',
    `    else { @(${list([...COMMAND_NAMES, 'help', '--help', '--version'])}) }`,
    '  $found | Where-Object { $_ -like "$word*" } |',
    '    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }',
    '}',
    '',
  ].join('\n');
}

function list(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ');
}

/** Both for fish: single quotes with backslashes. */
function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
