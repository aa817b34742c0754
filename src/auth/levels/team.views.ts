import { ApiProperty } from '@nestjs/swagger';
import { ArgumentRuleDto } from '../../expressions/argument-rule.dto.js';
import type { ArgumentRule } from '../principal.js';
import { LevelView, toLevelView } from './level.views.js';
import { TeamMemberDto } from './team.dto.js';
import type { TeamEntity, TeamMember } from './team.entity.js';

/** A team as it is shown. */
export class TeamView extends LevelView {
  @ApiProperty()
  team_id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'platform' })
  team_alias!: string | null;

  @ApiProperty({ type: String, nullable: true })
  organization_id!: string | null;

  @ApiProperty({ type: [TeamMemberDto] })
  members_with_roles!: readonly TeamMember[];

  @ApiProperty({
    type: [String],
    description: 'Users who were taken out: their keys in the team are refused everything until they are members again',
  })
  former_members!: readonly string[];

  @ApiProperty({ type: [String], description: 'Ids of unified access groups' })
  access_group_ids!: readonly string[];

  @ApiProperty({ type: [ArgumentRuleDto] })
  argument_rules!: readonly ArgumentRule[];
}

/** Answer of `POST /team/update`. */
export class UpdatedTeamView {
  @ApiProperty()
  team_id!: string;

  @ApiProperty({ type: TeamView })
  data!: TeamView;
}

/** Answer of `GET /team/info`. */
export class TeamInfoView {
  @ApiProperty()
  team_id!: string;

  @ApiProperty({ type: TeamView })
  team_info!: TeamView;
}

/** Answer of `POST /team/delete`. */
export class DeletedTeamsView {
  @ApiProperty({ type: [String], description: 'Ids of the teams that are gone' })
  deleted_teams!: readonly string[];
}

/** What is shown of a stored team. */
export function toTeamView(team: TeamEntity): TeamView {
  return {
    team_id: team.id,
    team_alias: team.team_alias,
    organization_id: team.organization_id,
    members_with_roles: team.members_with_roles,
    former_members: team.former_members,
    access_group_ids: team.access_group_ids ?? [],
    argument_rules: team.argument_rules,
    ...toLevelView(team),
  };
}
