import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { checkGuardrailNames, GuardrailNames } from '../auth/guardrail-names.js';
import { fold } from '../common/fold.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { fieldFaults } from '../common/validation.js';
import { CONFIG, type Config } from '../config/config.js';
import { OutboundClient } from '../outbound/outbound-client.js';
import { McpServerEntity } from './mcp-server.entity.js';
import { conflictingName, nameFaults, type ServerNames } from './server-names.js';
import { settingsFaults } from './server-rules.js';
import type { ServerSettings, SettingsChange } from './server-settings.js';

/** Everything that a server must satisfy before it is stored, for new and changed ones alike. */
@Injectable()
export class ServerChecks {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly outbound: OutboundClient,
    private readonly guardrails: GuardrailNames,
  ) {}

  /**
   * What can be said without other servers.
   * @throws GatehouseError `invalid_request` with every fault
   */
  checkSettings(serverId: string, settings: ServerSettings): void {
    const names = { server_id: serverId, server_name: settings.server_name, alias: settings.alias };
    const faults = [
      ...nameFaults(names, this.config.toolPrefixSeparator),
      ...settingsFaults(settings, { stdioCommands: this.config.stdioCommands }),
    ];
    if (faults.length > 0) throw fieldFaults(faults);
  }

  /**
   * Are the guardrails loaded that are sent?
   * @throws GatehouseError `invalid_request`
   */
  checkGuardrails({ guardrails }: SettingsChange): void {
    checkGuardrailNames(guardrails, 'guardrails', this.guardrails);
  }

  /**
   * May the gateway connect to the URL that is sent? Resolves its name, so it is not done inside of a transaction.
   * @throws GatehouseError `invalid_request`
   */
  async checkAddress({ url }: SettingsChange): Promise<void> {
    if (typeof url === 'string') await this.outbound.checkUrl(url);
  }

  /**
   * What the other servers must not have too.
   * @throws GatehouseError `conflict`
   */
  async checkUnique(serverId: string, settings: ServerSettings, manager: EntityManager): Promise<void> {
    const rows = await manager.find(McpServerEntity, {
      select: { server_id: true, server_name: true, alias: true, tool_name_to_display_name: true },
    });
    const others = rows.filter((row) => row.server_id !== serverId);
    const names = { server_id: serverId, server_name: settings.server_name, alias: settings.alias };
    const field = conflictingName(names, others);
    if (field !== null) throw taken(field, 'is, but for case and punctuation, a name of another server');
    const tool = this.conflictingTool(settings, others);
    if (tool !== null)
      throw taken(`tool_name_to_display_name.${tool}`, 'can be the public name of a tool of another server');
  }

  /** A display name is a whole public name: it must not be one of another server, nor look like one. */
  private conflictingTool(settings: ServerSettings, others: readonly McpServerEntity[]): string | null {
    const prefixes = others
      .flatMap((other) => namesOf(other))
      .map((name) => fold(name) + this.config.toolPrefixSeparator);
    const taken = new Set(others.flatMap((other) => Object.values(other.tool_name_to_display_name)));
    const conflict = Object.entries(settings.tool_name_to_display_name).find(
      ([, name]) => taken.has(name) || prefixes.some((prefix) => fold(name).startsWith(prefix)),
    );
    return conflict?.[0] ?? null;
  }
}

function namesOf({ server_id: id, server_name: name, alias }: ServerNames): string[] {
  return [id, name?.replaceAll(' ', '_') ?? null, alias].filter((entry) => entry !== null);
}

function taken(path: string, message: string): GatehouseError {
  return new GatehouseError('conflict', `${path} ${message}; use another one.`);
}
