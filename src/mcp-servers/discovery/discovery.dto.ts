import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';

const MAX_TEXT = 256;
/** How it was made sure that an entry exists. */
export const CHECKS = ['npm', 'repository', 'unchecked'] as const;
export type Check = (typeof CHECKS)[number];

const CHECK = {
  enum: CHECKS,
  description:
    '`npm`: the package is in the registry; `repository`: the file is in the repository of the publisher; ' +
    '`unchecked`: as its publisher documents it, and nobody looked',
} as const;
const CHECKED_AT = { type: String, format: 'date', nullable: true, example: '2026-11-21' } as const;

/** Query of `GET /v1/mcp/discover`. */
export class DiscoverQuery {
  @ApiPropertyOptional({ description: 'Text in name, title or description, whatever its case' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  query?: string;

  @ApiPropertyOptional({ description: 'Exactly this category' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  category?: string;
}

/** A variable or header that a catalogued server needs. */
export class NeededVariableDto {
  @ApiProperty({ example: 'NOTION_TOKEN' })
  name!: string;

  @ApiProperty({ example: 'Integration token' })
  description!: string;

  @ApiProperty()
  secret!: boolean;
}

/** A known server that an admin can register. */
export class DiscoveredServerDto {
  @ApiProperty({ example: 'filesystem' })
  name!: string;

  @ApiProperty({ example: 'Filesystem' })
  title!: string;

  @ApiProperty({ example: 'Reads and writes files in chosen directories.' })
  description!: string;

  @ApiProperty({ type: String, nullable: true })
  icon_url!: string | null;

  @ApiProperty({ example: 'System' })
  category!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Page of the package' })
  registry_url!: string | null;

  @ApiProperty({ enum: ['http', 'stdio'] })
  transport!: 'http' | 'stdio';

  @ApiProperty({ type: String, nullable: true, description: 'For `http`' })
  url!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'npx', description: 'For `stdio`' })
  command!: string | null;

  @ApiProperty({ type: [String] })
  args!: string[];

  @ApiProperty({ type: [NeededVariableDto] })
  env_vars!: NeededVariableDto[];

  @ApiProperty({ example: 'Model Context Protocol project' })
  publisher!: string;

  @ApiProperty(CHECK)
  check!: Check;

  @ApiProperty(CHECKED_AT)
  checked_at!: string | null;
}

/** Answer of `GET /v1/mcp/discover`. */
export class DiscoveryDto {
  @ApiProperty({ type: [DiscoveredServerDto] })
  servers!: DiscoveredServerDto[];

  @ApiProperty({ type: [String], description: 'All categories of the catalogue, sorted' })
  categories!: string[];
}

/** An operation that is of most use. */
export class KeyToolDto {
  @ApiProperty({ example: 'ListCustomers' })
  name!: string;

  @ApiProperty()
  description!: string;
}

/** Where users of an API log in. */
export class ApiOAuthDto {
  @ApiProperty()
  authorization_url!: string;

  @ApiProperty()
  token_url!: string;

  @ApiProperty()
  pkce!: boolean;

  @ApiProperty()
  docs_url!: string;
}

/** A known API with an OpenAPI document. */
export class DiscoveredApiDto {
  @ApiProperty({ example: 'stripe' })
  name!: string;

  @ApiProperty({ example: 'Stripe' })
  title!: string;

  @ApiProperty({ example: 'Payments, customers, invoices.' })
  description!: string;

  @ApiProperty({ type: String, nullable: true })
  icon_url!: string | null;

  @ApiProperty()
  spec_url!: string;

  @ApiProperty({ type: ApiOAuthDto, nullable: true })
  oauth!: ApiOAuthDto | null;

  @ApiProperty({ type: [KeyToolDto] })
  key_tools!: KeyToolDto[];

  @ApiProperty({ example: 'Stripe' })
  publisher!: string;

  @ApiProperty(CHECK)
  check!: Check;

  @ApiProperty(CHECKED_AT)
  checked_at!: string | null;
}

/** Answer of `GET /v1/mcp/openapi-registry`. */
export class OpenApiRegistryDto {
  @ApiProperty({ type: [DiscoveredApiDto] })
  apis!: DiscoveredApiDto[];
}
