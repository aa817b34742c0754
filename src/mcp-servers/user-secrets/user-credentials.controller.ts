import { Body, Controller, Delete, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { CurrentPrincipal } from '../../auth/current-principal.decorator.js';
import type { Principal } from '../../auth/principal.js';
import { RequireRole } from '../../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../../common/api-problems.decorator.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import { BYOK_SECRET } from '../env-variables.js';
import { ServerReaders } from '../server-readers.js';
import { ServerRegistry } from '../server-registry.js';
import { callingUser } from './calling-user.js';
import { UserSecretStore, type CredentialStatus } from './user-secret-store.js';
import { UserCredentialDto, UserCredentialListItemDto, UserCredentialStateDto } from './user-secrets.dto.js';

const SERVER_ID = { name: 'server_id', example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' };

/** Secrets of the calling user for single servers. They can be written and removed, never read. */
@ApiTags('User credentials')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS, 'invalid_request')
@Controller('v1/mcp')
export class UserCredentialsController {
  constructor(
    private readonly secrets: UserSecretStore,
    private readonly readers: ServerReaders,
    private readonly registry: ServerRegistry,
  ) {}

  @Get('user-credentials')
  @RequireRole('any')
  @ApiOperation({ summary: 'List the servers that the calling user is connected to over OAuth' })
  @ApiOkResponse({ type: [UserCredentialListItemDto] })
  async list(@CurrentPrincipal() caller: Principal, @Req() request: Request): Promise<UserCredentialListItemDto[]> {
    const stored = await this.secrets.statuses(callingUser(caller));
    const visible = this.readers.reachable(caller, request);
    const tokens = stored.filter(({ kind }) => kind === 'oauth2');
    return tokens.map((status) => {
      const isVisible = visible === 'all' || visible.has(status.server_id);
      const server = isVisible ? this.registry.current.byId.get(status.server_id) : undefined;
      return {
        ...{ server_id: status.server_id, server_name: server?.name ?? null, alias: server?.alias ?? null },
        ...{ credential_type: 'oauth2' as const, has_credential: true, ...timesOf(status) },
      };
    });
  }

  @Post('server/:server_id/user-credential')
  @HttpCode(200)
  @RequireRole('any')
  @ApiParam(SERVER_ID)
  @ApiOperation({
    summary: 'Store an own key for a server',
    description: 'For servers with `is_byok` that the caller can reach. Encrypted, and never returned.',
  })
  @ApiOkResponse({ type: UserCredentialStateDto })
  @ApiProblems(...BODY_PROBLEMS, 'not_found', 'conflict')
  async storeKey(
    @Param('server_id') reference: string,
    @Body() body: UserCredentialDto,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
  ): Promise<UserCredentialStateDto> {
    const server = this.readers.require(reference, caller, request);
    if (server.userSecrets?.includes(BYOK_SECRET) !== true) {
      throw new GatehouseError('invalid_request', 'This server takes no keys of users.');
    }
    const userId = callingUser(caller);
    const isStored = body.save !== false;
    if (isStored) await this.secrets.storeKey({ userId, serverId: server.id, author: caller }, body.credential);
    return { server_id: server.id, has_credential: isStored };
  }

  @Delete('server/:server_id/user-credential')
  @RequireRole('any')
  @ApiParam(SERVER_ID)
  @ApiOperation({ summary: 'Remove what the calling user stored for a server', description: 'Key or tokens.' })
  @ApiOkResponse({ type: UserCredentialStateDto })
  @ApiProblems('not_found', 'conflict')
  async removeAny(
    @Param('server_id') reference: string,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
  ): Promise<UserCredentialStateDto> {
    const { id } = this.readers.require(reference, caller, request);
    await this.secrets.removeCredential({ userId: callingUser(caller), serverId: id, author: caller });
    return { server_id: id, has_credential: false };
  }
}

function timesOf(status: CredentialStatus | null): { expires_at: string | null; connected_at: string | null } {
  return {
    expires_at: status?.expires_at?.toISOString() ?? null,
    connected_at: status?.connected_at.toISOString() ?? null,
  };
}
