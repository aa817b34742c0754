#!/usr/bin/env node
import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { PinoLogger } from './common/pino-logger.js';
import { messageOf, systemCodeOf } from './common/gatehouse-error.js';
import type { Config } from './config/config.js';
import { ConfigurationError } from './config/configuration-error.js';
import { loadConfig, type LoadedConfig } from './config/load-config.js';
import { openDatabase, type OpenDatabase } from './database/open-database.js';
import { startGateway, type Gateway } from './gateway.js';
import { BUILT_INS } from './guardrails/built-ins.js';
import { builtInFaults } from './hooks/built-in-settings.js';
import { checkConfiguredServers } from './mcp-servers/configured/configured-servers.module.js';

/** sysexits.h: configuration error. */
const EXIT_CONFIGURATION = 78;
const EXIT_FAILURE = 1;
/** From `dist/src`. */
const DEMO = new URL('../../scripts/demo.mjs', import.meta.url);

async function main(): Promise<void> {
  const { config, warnings } = await readConfig();
  const logger = new PinoLogger(config.logLevel, process.stdout.isTTY === true);
  for (const warning of warnings) logger.warn(`CONFIG_FILE: ${warning}`, 'Config');
  const database = await openDatabase(config);
  const gateway = await startOrClose(config, logger, database);
  stopOnSignals(gateway, database, logger);
  process.on('SIGHUP', () => void gateway.reload());
  announce(config, gateway, database);
}

async function readConfig(): Promise<{ readonly config: LoadedConfig; readonly warnings: readonly string[] }> {
  try {
    const config = loadConfig(process.env, process.cwd(), (entry) => builtInFaults(entry, BUILT_INS));
    const ignored = config.ignoredSettings.map((key) => `"${key}" has no effect in this version`);
    return { config, warnings: [...ignored, ...(await checkConfiguredServers(config))] };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    say(process.stderr, error.message);
    process.exit(EXIT_CONFIGURATION);
  }
}

async function startOrClose(config: Config, logger: PinoLogger, database: OpenDatabase): Promise<Gateway> {
  try {
    return await startGateway(config, database.url, { logger });
  } catch (error) {
    await database.close();
    throw error;
  }
}

function stopOnSignals(gateway: Gateway, database: OpenDatabase, logger: PinoLogger): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    gateway
      .close()
      .then(() => database.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error(`the shutdown did not complete: ${messageOf(error)}`);
          process.exit(EXIT_FAILURE);
        },
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** Plain lines for the person who started it; the log stays JSON when nobody watches. */
function announce(config: LoadedConfig, gateway: Gateway, database: OpenDatabase): void {
  const base = config.publicBaseUrl ?? gateway.url;
  const lines = [`Gatehouse is ready at ${base}`];
  if (database.directory !== null) lines.push(`  database     embedded PostgreSQL in ${database.directory}`);
  if (config.masterKeyFile !== null) lines.push(`  master key   in ${config.masterKeyFile}`);
  lines.push(`  API docs     ${base}/docs`);
  // The demo is not part of the package.
  if (existsSync(DEMO)) lines.push('  next step    npm run demo   (in a second terminal)');
  say(process.stdout, lines.join('\n'));
}

function say(stream: NodeJS.WriteStream, text: string): void {
  stream.write(`${text}\n`);
}

/** One line that says what to do; the stack is of no use to whoever starts a server. */
function explain(error: unknown): string {
  if (systemCodeOf(error) === 'EADDRINUSE') {
    return 'The port is in use: stop the other program or set PORT to a free one (PORT=0 picks one).';
  }
  if (systemCodeOf(error) === 'EACCES') return 'The port may not be opened: set PORT to one above 1023.';
  if (systemCodeOf(error) === 'EADDRNOTAVAIL')
    return 'HOST is not an address of this machine: set HOST, for example 127.0.0.1.';
  return messageOf(error);
}

main().catch((error: unknown) => {
  say(process.stderr, `Gatehouse did not start. ${explain(error)}`);
  process.exit(EXIT_FAILURE);
});
