import { ApiProperty, IntersectionType, PickType } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { KeyFieldsDto } from '../auth/key.dto.js';
import { AccessGroupFieldsDto } from '../auth/levels/access-group.dto.js';
import { IsIdentityId } from '../auth/levels/level-validators.js';
import { LevelFieldsDto } from '../auth/levels/level.dto.js';
import { TeamFieldsDto } from '../auth/levels/team.dto.js';
import { UserFieldsDto } from '../auth/levels/user.dto.js';
import { ServerSettingsDto } from '../mcp-servers/mcp-server.dto.js';

/** What a draft can change. */
export const DRAFT_KINDS = [
  'key',
  'team',
  'user',
  'customer',
  'agent',
  'organization',
  'access_group',
  'server',
] as const;
export type DraftKind = (typeof DRAFT_KINDS)[number];

/** What a change is about. */
export class DraftTargetDto {
  @ApiProperty({ enum: DRAFT_KINDS, example: 'team' })
  @IsIn(DRAFT_KINDS, { message: `must be one of ${DRAFT_KINDS.join(', ')}` })
  kind!: DraftKind;

  @ApiProperty({ description: 'Its id; of a key the key itself or its `token`', example: 'platform' })
  @IsIdentityId()
  id!: string;
}

const KEY_FIELDS = [
  'user_id',
  'team_id',
  'organization_id',
  'agent_id',
  'allowed_routes',
  'object_permission',
  'access_group_ids',
  'argument_rules',
  'blocked',
] as const;
const TEAM_FIELDS = ['organization_id', 'object_permission', 'access_group_ids', 'argument_rules', 'blocked'] as const;
const SERVER_FIELDS = [
  'allowed_tools',
  'disallowed_tools',
  'allowed_params',
  'argument_rules',
  'mcp_info',
  'allow_all_keys',
  'available_on_public_internet',
  'mcp_access_groups',
] as const;

/** Those fields of `POST /key/update` that decide what the key may do. */
export class KeyDraftDto extends IntersectionType(DraftTargetDto, PickType(KeyFieldsDto, KEY_FIELDS)) {
  declare kind: 'key';
}

/** Those fields of `POST /team/update` that decide what the team may do. */
export class TeamDraftDto extends IntersectionType(DraftTargetDto, PickType(TeamFieldsDto, TEAM_FIELDS)) {
  declare kind: 'team';
}

/** Those fields of `POST /user/update` that decide what the user may do. */
export class UserDraftDto extends IntersectionType(
  DraftTargetDto,
  PickType(UserFieldsDto, ['object_permission', 'blocked', 'user_role'] as const),
) {
  declare kind: 'user';
}

/** Those fields of the update of a customer, agent or organisation that decide what it may do. */
export class CeilingDraftDto extends IntersectionType(
  DraftTargetDto,
  PickType(LevelFieldsDto, ['object_permission', 'blocked'] as const),
) {
  declare kind: 'customer' | 'agent' | 'organization';
}

/** The members in `POST /access_group/update`. */
export class AccessGroupDraftDto extends IntersectionType(
  DraftTargetDto,
  PickType(AccessGroupFieldsDto, ['access_mcp_server_ids'] as const),
) {
  declare kind: 'access_group';
}

/** Those fields of `PUT /v1/mcp/server` that decide who may use what of the server. */
export class ServerDraftDto extends IntersectionType(DraftTargetDto, PickType(ServerSettingsDto, SERVER_FIELDS)) {
  declare kind: 'server';
}

/** One change of a draft. */
export type DraftDto =
  KeyDraftDto | TeamDraftDto | UserDraftDto | CeilingDraftDto | AccessGroupDraftDto | ServerDraftDto;
