import { ApiProperty } from '@nestjs/swagger';
import { IsTextList } from '../../common/map-validators.js';
import { AUTH_TYPES, TRANSPORTS } from '../mcp-server.js';

const MAX_SERVERS = 1000;
const MAX_ID = 256;
const EXAMPLE_IDS = ['f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001'];

/** Body of `POST /v1/mcp/make_public`. */
export class MakePublicDto {
  @ApiProperty({
    type: [String],
    example: EXAMPLE_IDS,
    description: 'Ids of all servers that are to be public; takes the place of the list before',
  })
  @IsTextList(MAX_SERVERS, MAX_ID)
  mcp_server_ids!: string[];
}

/** Answer of `POST /v1/mcp/make_public`. */
export class PublicServersDto {
  @ApiProperty({ example: 'The public servers were replaced.' })
  message!: string;

  @ApiProperty({ type: [String], example: EXAMPLE_IDS })
  public_mcp_servers!: string[];

  @ApiProperty({ example: 'master' })
  updated_by!: string;
}

/** What everybody may know of a public server. */
export class PublicServerDto {
  @ApiProperty({ example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' })
  server_id!: string;

  @ApiProperty({ example: 'everything' })
  name!: string;

  @ApiProperty({ type: String, nullable: true, example: 'everything' })
  alias!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'everything' })
  server_name!: string | null;

  @ApiProperty({ enum: TRANSPORTS })
  transport!: string;

  @ApiProperty({ enum: AUTH_TYPES })
  auth_type!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  mcp_info!: Record<string, unknown> | null;
}

/** Where a client connects to. */
export class RegistryRemoteDto {
  @ApiProperty({ enum: ['streamable-http'] })
  type!: 'streamable-http';

  @ApiProperty({ example: 'https://gateway.example.com/everything/mcp' })
  url!: string;
}

/** A server in the shape of the official registry. */
export class RegistryServerDto {
  @ApiProperty({ example: 'everything' })
  name!: string;

  @ApiProperty({ example: 'everything' })
  title!: string;

  @ApiProperty({ example: 'everything' })
  description!: string;

  @ApiProperty({ example: '1.0.0' })
  version!: string;

  @ApiProperty({ type: [RegistryRemoteDto] })
  remotes!: RegistryRemoteDto[];
}

/** One entry of the registry. */
export class RegistryEntryDto {
  @ApiProperty({ type: RegistryServerDto })
  server!: RegistryServerDto;
}

/** Answer of `GET /v1/mcp/registry.json`. */
export class RegistryDto {
  @ApiProperty({ type: [RegistryEntryDto] })
  servers!: RegistryEntryDto[];
}

/** Answer of `GET /v1/mcp/access_groups`. */
export class AccessGroupNamesDto {
  @ApiProperty({ type: [String], example: ['developers'] })
  access_groups!: string[];
}

/** Answer of `GET /v1/mcp/network/client-ip`. */
export class ClientIpDto {
  @ApiProperty({ type: String, nullable: true, example: '10.0.0.7' })
  ip!: string | null;
}
