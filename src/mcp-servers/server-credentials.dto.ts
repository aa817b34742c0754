import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length } from 'class-validator';
import { IsTextList } from '../common/map-validators.js';
import { CLIENT_AUTH_METHODS, type ClientAuthMethod, type ServerCredentials } from './mcp-server.js';

const MAX_VALUE = 16 * 1024;
const MAX_SCOPES = 100;
const MAX_NAME = 256;

function Value(example: string, description: string): PropertyDecorator {
  return (target, property) => {
    ApiPropertyOptional({ example, description, writeOnly: true })(target, property);
    IsOptional()(target, property);
    IsString()(target, property);
    Length(1, MAX_VALUE)(target, property);
  };
}

/** Secrets for an upstream, and what belongs to them. Stored encrypted and never returned. */
export class ServerCredentialsDto implements ServerCredentials {
  @Value('<token of the upstream>', 'Token or key; for `basic` it is `user:password`')
  auth_value?: string;

  @Value('gatehouse', 'Client of the gateway at the authorization server')
  client_id?: string;

  @Value('<secret of the client>', 'Secret of that client')
  client_secret?: string;

  @ApiPropertyOptional({ type: [String], example: ['tools'], description: 'Scopes that tokens are asked for' })
  @IsOptional()
  @IsTextList(MAX_SCOPES, MAX_NAME)
  scopes?: string[];

  @ApiPropertyOptional({ enum: CLIENT_AUTH_METHODS, default: 'client_secret_post' })
  @IsOptional()
  @IsIn(CLIENT_AUTH_METHODS, { message: `must be one of ${CLIENT_AUTH_METHODS.join(', ')}` })
  token_endpoint_auth_method?: ClientAuthMethod;

  @Value('https://mcp.example.com/mcp', 'Resource (RFC 8707) that tokens are asked for')
  upstream_resource?: string;

  @Value('AKIA0123456789EXAMPLE', 'For `aws_sigv4`')
  aws_access_key_id?: string;

  @Value('<secret access key>', 'For `aws_sigv4`')
  aws_secret_access_key?: string;

  @Value('<session token>', 'For `aws_sigv4`, with temporary keys')
  aws_session_token?: string;

  @Value('eu-central-1', 'For `aws_sigv4`')
  aws_region_name?: string;

  @Value('bedrock-agentcore', 'For `aws_sigv4`; default: `bedrock-agentcore`')
  aws_service_name?: string;

  @Value('arn:aws:iam::123456789012:role/tools', 'For `aws_sigv4`: a role to assume with these keys')
  aws_role_name?: string;

  @Value('gatehouse', 'For `aws_sigv4`: name of the session of that role')
  aws_session_name?: string;
}
