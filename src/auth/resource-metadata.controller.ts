import { Controller, Get, Inject, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { Public } from '../common/access.decorator.js';
import { ApiProblems } from '../common/api-problems.decorator.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { CONFIG, type Config } from '../config/config.js';
import { OwnIssuer } from './jwt/own-issuer.js';
import { PublicUrl } from './public-url.js';
import { isResourcePath, RESOURCE_METADATA_PATH } from './resource-path.js';

/** Metadata of a protected resource (RFC 9728). */
export class ResourceMetadataView {
  @ApiProperty({ description: 'URL of the resource.', example: 'https://gateway.example.com/mcp' })
  resource!: string;

  @ApiProperty({
    required: false,
    type: [String],
    description: 'Issuers whose access tokens are accepted. Left out when there are none: then only keys are accepted.',
  })
  authorization_servers?: string[];

  @ApiProperty({
    required: false,
    type: [String],
    example: ['mcp'],
    description: 'Scopes to ask for. Only when the gateway is its own authorization server.',
  })
  scopes_supported?: string[];

  @ApiProperty({ type: [String], example: ['header'] })
  bearer_methods_supported!: string[];
}

/** Tells clients that were answered 401 where access tokens come from. */
@ApiTags('Authentication')
@Controller()
export class ResourceMetadataController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly url: PublicUrl,
    private readonly own: OwnIssuer,
  ) {}

  @Get([RESOURCE_METADATA_PATH, `${RESOURCE_METADATA_PATH}/*path`])
  @Public()
  @ApiOperation({
    summary: 'Where do access tokens come from?',
    description: 'RFC 9728, for the gateway as a whole and, with its path appended, for a single MCP door.',
  })
  @ApiOkResponse({ type: ResourceMetadataView })
  @ApiProblems('not_found')
  metadata(@Req() request: Request): ResourceMetadataView {
    const path = request.path.slice(RESOURCE_METADATA_PATH.length).replace(/\/$/, '');
    if (!isResourcePath(path)) throw new GatehouseError('not_found', 'There is no such resource.');
    const issuers = this.issuers();
    return {
      resource: `${this.url.base}${path}`,
      ...(issuers.length > 0 && { authorization_servers: issuers }),
      ...(this.own.isEnabled && { scopes_supported: [OwnIssuer.SCOPE] }),
      bearer_methods_supported: ['header'],
    };
  }

  /** The gateway's own authorization server takes the place of the others: it sends users to the company's provider. */
  private issuers(): string[] {
    if (this.own.isEnabled) return [this.own.issuer];
    return this.config.jwtIssuers.map(({ issuer }) => issuer).filter((issuer) => /^https?:\/\//.test(issuer));
  }
}
