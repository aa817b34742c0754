import { unwatchFile, watchFile } from 'node:fs';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { messageOf } from '../common/gatehouse-error.js';
import { CONFIG, type Config } from '../config/config.js';
import { rereadGatewayFile } from '../config/gateway-file.js';
import type { CheckBuiltIn } from '../config/guardrail-entry.js';
import { HookRegistry } from '../hooks/hook-registry.js';
import { ConfiguredServers } from '../mcp-servers/configured/configured-servers.js';
import { readConfiguredServers } from '../mcp-servers/configured/read-configured-servers.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import { guardrailActivation, restartNeeded } from './changed-settings.js';

const LOOK_EVERY_MS = 1000;
/** Longer than one look: a file that somebody still writes, half of which may be valid too, is seen to change again. */
const SETTLE_MS = 1300;

/** What became of the file since the start. */
export interface ConfigFileState {
  /** The gateway runs with what the file says, as far as a running gateway can. */
  readonly isCurrent: boolean;
  /** How many of its servers stored ones keep out. */
  readonly displaced: number;
}

/**
 * Takes over gateway.yaml when it changes: servers with their aliases, and which guardrails run by default. A file with
 * a fault changes nothing.
 */
@Injectable()
export class ConfigReload implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ConfigReload.name);
  private isCurrent = true;
  private checkBuiltIn: CheckBuiltIn = () => [];
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private readonly onLook = (): void => this.settle();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly servers: ConfiguredServers,
    private readonly registry: ServerRegistry,
    private readonly hooks: HookRegistry,
  ) {}

  /** Settings of built-in guardrails are checked as a start checks them, by a room above this one. */
  checkBuiltInsWith(check: CheckBuiltIn): void {
    this.checkBuiltIn = check;
  }

  get state(): ConfigFileState {
    return { isCurrent: this.isCurrent, displaced: this.registry.displaced.length };
  }

  /** Looks at the path again and again: editors and config maps replace the file, and a watch of it would be lost. */
  onApplicationBootstrap(): void {
    const { configFile } = this.config;
    this.tellOfGuardrails();
    if (configFile !== null) watchFile(configFile, { interval: LOOK_EVERY_MS, persistent: false }, this.onLook);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    if (this.config.configFile !== null) unwatchFile(this.config.configFile, this.onLook);
    await this.running;
  }

  /** Reads the file again. Never rejects; one after the other, so that an older file never comes last. */
  reload(): Promise<void> {
    this.running = this.running.then(() => this.take());
    return this.running;
  }

  /** Guardrails are loaded after the servers are read, so a wrong name is found here; its calls are refused meanwhile. */
  private tellOfGuardrails(): void {
    for (const { server_name: server, guardrails } of this.servers.current) {
      for (const name of guardrails.filter((named) => !this.hooks.isLoaded(named))) {
        this.logger.error(
          `mcp_servers.${server}.guardrails names "${name}", which is not loaded: its calls are refused`,
        );
      }
    }
  }

  private settle(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.reload(), SETTLE_MS).unref();
  }

  private async take(): Promise<void> {
    const { configFile } = this.config;
    if (configFile === null) {
      this.logger.log('CONFIG_FILE is not set, so there is nothing to read again');
      return;
    }
    try {
      this.isCurrent = await this.takeFile(configFile);
    } catch (error) {
      this.isCurrent = false;
      this.logger.error(`CONFIG_FILE ${messageOf(error)}; the gateway goes on as it is`);
    }
  }

  /** False when the file is at fault. */
  private async takeFile(path: string): Promise<boolean> {
    const file = rereadGatewayFile(path, this.config);
    const read = await readConfiguredServers(file.mcpServers, this.config);
    const builtIns = file.guardrails.flatMap((entry) => this.checkBuiltIn(entry));
    const faults = [...file.faults, ...read.faults, ...builtIns];
    for (const fault of faults) this.logger.error(`CONFIG_FILE: ${fault}; the gateway goes on as it is`);
    if (faults.length > 0) return false;
    for (const key of file.ignoredKeys) this.logger.warn(`CONFIG_FILE: "${key}" has no effect in this version`);
    for (const warning of read.warnings) this.logger.warn(`CONFIG_FILE: ${warning}`);
    this.servers.replace(read.servers);
    this.hooks.setDefaultOn(guardrailActivation(this.config, file));
    this.tellOfGuardrails();
    for (const setting of restartNeeded(this.config, file)) {
      this.logger.warn(`CONFIG_FILE: ${setting} changed, which takes effect at the next start`);
    }
    this.logger.log(`CONFIG_FILE was read again: ${read.servers.length} servers`);
    return true;
  }
}
