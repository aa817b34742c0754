import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { OAuthClientMetadata } from '@modelcontextprotocol/client';
import { PublicUrl } from '../auth/public-url.js';
import { Public } from '../common/access.decorator.js';
import { CALLBACK_PATH, CLIENT_METADATA_PATH, clientMetadata } from '../credentials/oauth/client-metadata.js';

/** Tells authorization servers who the gateway is. */
@ApiTags('OAuth')
@Controller()
export class ClientMetadataController {
  constructor(private readonly url: PublicUrl) {}

  @Get(CLIENT_METADATA_PATH)
  @Public()
  @ApiOperation({
    summary: "The gateway's client metadata document",
    description: 'For authorization servers of upstreams that take a URL as `client_id`. They need it over https.',
  })
  @ApiOkResponse({ schema: { type: 'object', additionalProperties: true } })
  document(): OAuthClientMetadata & { client_id: string } {
    const { base } = this.url;
    const metadata = clientMetadata(`${base}/${CALLBACK_PATH}`);
    return { client_id: `${base}/${CLIENT_METADATA_PATH}`, ...metadata, token_endpoint_auth_method: 'none' };
  }
}
