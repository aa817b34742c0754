import { Injectable } from '@nestjs/common';
import { PublicUrl } from '../../auth/public-url.js';
import { fieldFaults } from '../../common/validation.js';
import { userVariablesOf, type EnvVariable } from '../env-variables.js';
import { valueFault } from '../header-rules.js';
import { McpServersService, noSuchServer } from '../mcp-servers.service.js';
import { setupUrlOf } from './setup-url.js';
import { UserSecretStore, type SecretOwner } from './user-secret-store.js';
import type { UserEnvVarsStatusDto } from './user-secrets.dto.js';

/** A server whose variables a user fills in. */
interface ServerVariables {
  readonly server_id: string;
  readonly server_name: string | null;
  readonly alias: string | null;
  readonly declared: readonly EnvVariable[];
  readonly required: readonly EnvVariable[];
}

/** Variables of static headers that each user fills in for itself. */
@Injectable()
export class UserEnvVarsService {
  constructor(
    private readonly servers: McpServersService,
    private readonly secrets: UserSecretStore,
    private readonly publicUrl: PublicUrl,
  ) {}

  /** Which variables of a server has a user filled in? */
  async status(userId: string, serverId: string): Promise<UserEnvVarsStatusDto> {
    const server = await this.variablesOf(serverId);
    const values = await this.secrets.envValuesOf(userId, serverId);
    return this.toStatus(server, (name) => Object.hasOwn(values, name));
  }

  /**
   * Stores values; those that are not sent stay.
   * @throws GatehouseError `invalid_request` for a name that the server does not declare for users, `conflict` for a
   * server of gateway.yaml
   */
  async store(owner: SecretOwner, values: Readonly<Record<string, string>>): Promise<UserEnvVarsStatusDto> {
    const { userId, serverId } = owner;
    const { declared } = await this.variablesOf(serverId);
    const names = declared.map(({ name }) => name);
    const faults = Object.entries(values).flatMap(([name, value]) => {
      const message = names.includes(name) ? valueFault(value) : 'is no variable that users of this server fill in';
      return message === null ? [] : [{ path: `values.${name}`, message }];
    });
    if (faults.length > 0) throw fieldFaults(faults);
    const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
    await this.secrets.mergeEnvValues(owner, given, names);
    return this.status(userId, serverId);
  }

  /** Removes all values of a user for a server. */
  async clear(owner: SecretOwner): Promise<UserEnvVarsStatusDto> {
    await this.secrets.removeEnvValues(owner);
    return this.status(owner.userId, owner.serverId);
  }

  private async variablesOf(serverId: string): Promise<ServerVariables> {
    const server = await this.servers.find(serverId);
    if (server === null) throw noSuchServer();
    return {
      ...{ server_id: server.server_id, server_name: server.server_name, alias: server.alias },
      declared: server.env_vars.filter(({ scope }) => scope === 'user'),
      required: userVariablesOf(server.static_headers, server.env_vars),
    };
  }

  private toStatus(server: ServerVariables, isSet: (name: string) => boolean): UserEnvVarsStatusDto {
    const { server_id, server_name, alias } = server;
    const required = server.required.map(({ name, description }) => ({ name, description, is_set: isSet(name) }));
    return {
      ...{ server_id, server_name, alias, required },
      missing_count: required.filter(({ is_set }) => !is_set).length,
      setup_url: required.length === 0 ? null : setupUrlOf(this.publicUrl.base, server_id),
    };
  }
}
