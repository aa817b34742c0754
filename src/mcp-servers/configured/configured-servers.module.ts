import { Global, Module } from '@nestjs/common';
import { ConfigurationError } from '../../config/configuration-error.js';
import { CONFIG, type Config } from '../../config/config.js';
import { ConfiguredServers } from './configured-servers.js';
import { readConfiguredServers } from './read-configured-servers.js';

/** The servers of gateway.yaml. Global, because grants are resolved against them in a module of its own. */
@Global()
@Module({
  providers: [{ provide: ConfiguredServers, inject: [CONFIG], useFactory: configuredServers }],
  exports: [ConfiguredServers],
})
export class ConfiguredServersModule {}

/** @throws ConfigurationError with every fault */
async function configuredServers(config: Config): Promise<ConfiguredServers> {
  await checkConfiguredServers(config);
  return new ConfiguredServers((await readConfiguredServers(config.mcpServers, config)).servers);
}

/**
 * Checks the servers of gateway.yaml before anything is started.
 * @returns warnings
 * @throws ConfigurationError with every fault
 */
export async function checkConfiguredServers(config: Config): Promise<readonly string[]> {
  const { faults, warnings } = await readConfiguredServers(config.mcpServers, config);
  if (faults.length === 0) return warnings;
  throw new ConfigurationError(faults.map((message) => ({ variable: 'CONFIG_FILE', message })));
}
