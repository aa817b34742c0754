import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { JsonObject } from '../common/json.js';
import { ObjectPermissionDto } from './key.dto.js';
import type { VirtualKeyEntity } from './key.entity.js';
import type { ObjectPermission } from './object-permission.js';

const EXAMPLE_TIME = '2026-01-31T12:00:00.000Z';

/** A key as it is shown. The key itself is shown once, when it is made. */
export class KeyView {
  @ApiProperty({ description: 'SHA-256 of the key in hex: names it in other requests and is no credential' })
  token!: string;

  @ApiProperty({ example: 'sk-...a1B2', description: 'Masked form' })
  key_name!: string;

  @ApiProperty({ type: String, nullable: true, example: 'ci-agent' })
  key_alias!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: EXAMPLE_TIME })
  expires!: string | null;

  @ApiProperty()
  blocked!: boolean;

  @ApiProperty({ type: [String] })
  allowed_routes!: readonly string[];

  @ApiProperty({ type: ObjectPermissionDto, nullable: true, description: 'As stored: servers are named by their ids' })
  object_permission!: ObjectPermission | null;

  @ApiProperty({
    description:
      'Something that the grants named was not there when they were written, or is deleted since. ' +
      'The key keeps what is left of its grants, even when that is nothing.',
  })
  permission_closed!: boolean;

  @ApiProperty({ type: 'object', additionalProperties: true })
  metadata!: JsonObject;

  @ApiProperty({ type: String, format: 'date-time', example: EXAMPLE_TIME })
  created_at!: string;

  @ApiProperty({ example: 'master', description: '`master` or the token of a key' })
  created_by!: string;

  @ApiProperty({ type: String, format: 'date-time', example: EXAMPLE_TIME })
  updated_at!: string;

  @ApiProperty({ example: 'master' })
  updated_by!: string;
}

/** Answer of `POST /key/generate`. */
export class GeneratedKeyView extends KeyView {
  @ApiProperty({ example: 'sk-…', description: 'The key. It is not stored and never shown again.' })
  key!: string;
}

/** Answer of `GET /key/info`. */
export class KeyInfoView {
  @ApiProperty({ description: 'Token of the key' })
  key!: string;

  @ApiProperty({ type: KeyView })
  info!: KeyView;
}

/** Answer of `GET /key/list`. */
export class KeyListView {
  @ApiProperty({ type: [KeyView] })
  keys!: KeyView[];
}

/** Answer of `POST /key/delete`. */
export class DeletedKeysView {
  @ApiPropertyOptional({ type: [String], description: 'Tokens of the keys that are gone' })
  deleted_keys!: readonly string[];
}

/** What is shown of a stored key. */
export function toKeyView(key: VirtualKeyEntity): KeyView {
  return {
    token: key.token,
    key_name: key.key_name,
    key_alias: key.key_alias,
    expires: key.expires?.toISOString() ?? null,
    blocked: key.blocked,
    allowed_routes: key.allowed_routes,
    object_permission: key.object_permission,
    permission_closed: key.permission_closed,
    metadata: key.metadata,
    created_at: key.created_at.toISOString(),
    created_by: key.created_by,
    updated_at: key.updated_at.toISOString(),
    updated_by: key.updated_by,
  };
}
