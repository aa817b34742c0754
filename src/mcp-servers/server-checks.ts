import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { checkGuardrailNames, GuardrailNames } from '../auth/guardrail-names.js';
import { fold } from '../common/fold.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { fieldFaults } from '../common/validation.js';
import { CONFIG, type Config } from '../config/config.js';
import { OutboundClient } from '../outbound/outbound-client.js';
import { conflictingName, nameFaults, type ServerNames } from './server-names.js';
import { ServerRegistry } from './server-registry.js';
import { settingsFaults } from './server-rules.js';
import type { ServerSettings, SettingsChange } from './server-settings.js';

type NamedServer = ServerNames & Pick<ServerSettings, 'tool_name_to_display_name'>;

/** Addresses that the gateway itself connects to. */
const CONTACTED = [
  ...(['url', 'spec_path', 'issuer', 'token_url', 'registration_url', 'token_exchange_endpoint'] as const),
] as const;

/** Everything that a server must satisfy before it is stored, for new and changed ones alike. */
@Injectable()
export class ServerChecks {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly outbound: OutboundClient,
    private readonly guardrails: GuardrailNames,
    private readonly registry: ServerRegistry,
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
   * May the gateway connect to the URLs that are sent? Resolves names, so it is not done inside of a transaction.
   * @throws GatehouseError `invalid_request`
   */
  async checkAddress(sent: SettingsChange): Promise<void> {
    for (const field of CONTACTED) {
      const url = sent[field];
      if (typeof url === 'string') await this.outbound.checkUrl(url, field);
    }
  }

  /**
   * What the other servers must not have too.
   * @throws GatehouseError `conflict`
   */
  async checkUnique(serverId: string, settings: ServerSettings, manager: EntityManager): Promise<void> {
    // What waits for a review takes no names: whoever submits it would hold them, and learn which are taken.
    const rows = await manager.query<NamedServer[]>(
      `SELECT server_id, server_name, alias, tool_name_to_display_name
       FROM mcp_servers WHERE approval_status = 'active' AND server_id <> $1`,
      [serverId],
    );
    const others = [...rows, ...this.registry.configured.filter((server) => server.server_id !== serverId)];
    const names = { server_id: serverId, server_name: settings.server_name, alias: settings.alias };
    const field = conflictingName(names, others);
    if (field !== null) throw taken(field, 'is, but for case and punctuation, a name of another server');
    const tool = this.conflictingTool(settings, others);
    if (tool !== null)
      throw taken(`tool_name_to_display_name.${tool}`, 'can be the public name of a tool of another server');
  }

  /** A display name is a whole public name: it must not be one of another server, nor look like one. */
  private conflictingTool(settings: ServerSettings, others: readonly NamedServer[]): string | null {
    if (Object.keys(settings.tool_name_to_display_name).length === 0) return null;
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
