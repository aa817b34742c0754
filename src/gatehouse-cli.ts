#!/usr/bin/env node
import 'reflect-metadata';
import { Command, Option } from 'commander';
import { messageOf } from './common/gatehouse-error.js';
import { VERSION } from './common/version.js';
import { CliError } from './cli/cli-error.js';
import { exportGateway, importFile, type Connection, type ImportOptions } from './cli/commands.js';

const EXIT_FAILURE = 1;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** A command that talks to a gateway. */
function connected(command: Command): Command {
  return command
    .addOption(
      new Option('--url <url>', 'address of the gateway').env('GATEHOUSE_URL').default('http://127.0.0.1:4000'),
    )
    .addOption(new Option('--key-file <file>', 'file with the key of an admin').env('GATEHOUSE_KEY_FILE'))
    .addOption(new Option('--key <key>').env('GATEHOUSE_KEY').hideHelp());
}

const program = new Command('gatehouse')
  .description('Starts a Gatehouse gateway, or exports and imports the configuration of a running one.')
  .version(VERSION)
  .showHelpAfterError();

program
  .command('start', { isDefault: true })
  .description('start the gateway, with the settings of the environment (see docs/configuration.md)')
  .action(async () => {
    await import('./main.js');
  });

connected(program.command('export'))
  .description('write servers, teams, users, keys and all other objects as YAML, without secrets')
  .option('-o, --output <file>', 'write to this file instead of standard output')
  .action((options: Connection & { output?: string }) => exportGateway(options, options.output ?? null, say));

connected(program.command('import'))
  .description('make the gateway what a file says; deletes nothing without --prune')
  .argument('<file>', 'a file that was exported')
  .option('--dry-run', 'show what would change')
  .option('--prune', 'delete what is not in the file any more')
  .option('--force', 'let the file win where both the file and the gateway were changed')
  .option('--base <file>', 'what the file was when it was exported (default: FILE.base)')
  .option('--new-keys <file>', 'make keys that are not there, and write their secrets to this new file')
  .option('--from-litellm', 'the file is a config.yaml of LiteLLM: import its MCP servers')
  .action((file: string, options: ImportOptions) => importFile(file, options, process.env, say));

program.parseAsync().catch((error: unknown) => {
  const text = error instanceof CliError ? error.message : `Something went wrong: ${messageOf(error)}`;
  process.stderr.write(`${text}\n`);
  process.exitCode = EXIT_FAILURE;
});
