import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { JWK } from 'jose';
import { PublicUrl } from '../auth/public-url.js';
import { Public } from '../common/access.decorator.js';
import { ApiProblems } from '../common/api-problems.decorator.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { SigningKeys } from './signing-keys.js';

/** A key set (RFC 7517). */
export class KeySetView {
  @ApiProperty({
    type: [Object],
    example: [{ kty: 'EC', crv: 'P-256', x: '…', y: '…', kid: '3f9a1c0d5e7b2a48', alg: 'ES256', use: 'sig' }],
  })
  keys!: readonly JWK[];
}

/** What verifiers need of OpenID Connect discovery. */
export class IssuerMetadataView {
  @ApiProperty({ example: 'https://gateway.example.com' })
  issuer!: string;

  @ApiProperty({ example: 'https://gateway.example.com/.well-known/jwks.json' })
  jwks_uri!: string;

  @ApiProperty({ type: [String], example: ['RS256'] })
  id_token_signing_alg_values_supported!: string[];
}

/** Publishes the keys that verify tokens of this gateway. */
@ApiTags('Signing keys')
@Controller()
export class JwksController {
  constructor(
    private readonly signing: SigningKeys,
    private readonly url: PublicUrl,
  ) {}

  @Get('.well-known/jwks.json')
  @Public()
  @ApiOperation({
    summary: 'Keys that verify tokens of this gateway',
    description:
      'For upstreams that take the tokens of the mcp_jwt_signer guardrail; access tokens of MCP clients that logged in to the gateway are signed with them, too. Empty when nothing is signed.',
  })
  @ApiOkResponse({ type: KeySetView })
  keySet(@Res({ passthrough: true }) response: Response): KeySetView {
    const { keys, maxAge } = this.signing.keySet();
    response.setHeader('Cache-Control', `public, max-age=${maxAge}`);
    return { keys };
  }

  @Get('.well-known/openid-configuration')
  @Public()
  @ApiOperation({
    summary: 'Where the keys of this issuer are',
    description:
      'For verifiers that look for keys by the issuer. Only when tokens name the public URL as their issuer.',
  })
  @ApiOkResponse({ type: IssuerMetadataView })
  @ApiProblems('not_found')
  metadata(@Res({ passthrough: true }) response: Response): IssuerMetadataView {
    const { base: issuer } = this.url;
    if (!this.signing.signsAs(issuer)) throw new GatehouseError('not_found', 'No tokens are signed under this URL.');
    const { keys, maxAge } = this.signing.keySet();
    response.setHeader('Cache-Control', `public, max-age=${maxAge}`);
    return {
      issuer,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      id_token_signing_alg_values_supported: [...new Set(keys.map(({ alg }) => String(alg)))],
    };
  }
}
