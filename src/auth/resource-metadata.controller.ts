import { Controller, Get, Inject, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { Public } from '../common/access.decorator.js';
import { ApiProblems } from '../common/api-problems.decorator.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { CONFIG, type Config } from '../config/config.js';
import { PublicUrl } from './public-url.js';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
/** Paths of doors. Others are not echoed. */
const RESOURCE_PATH = /^(\/[A-Za-z0-9._~,-]{1,256}){0,4}$/;

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
  ) {}

  @Get([WELL_KNOWN, `${WELL_KNOWN}/*path`])
  @Public()
  @ApiOperation({
    summary: 'Where do access tokens come from?',
    description: 'RFC 9728, for the gateway as a whole and, with its path appended, for a single MCP door.',
  })
  @ApiOkResponse({ type: ResourceMetadataView })
  @ApiProblems('not_found')
  metadata(@Req() request: Request): ResourceMetadataView {
    const path = request.path.slice(WELL_KNOWN.length).replace(/\/$/, '');
    if (!RESOURCE_PATH.test(path)) throw new GatehouseError('not_found', 'There is no such resource.');
    const issuers = this.config.jwtIssuers.map(({ issuer }) => issuer).filter((issuer) => /^https?:\/\//.test(issuer));
    return {
      resource: `${this.url.base}${path}`,
      ...(issuers.length > 0 && { authorization_servers: issuers }),
      bearer_methods_supported: ['header'],
    };
  }
}
