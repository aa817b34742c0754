import { Body, Controller, Get, HttpCode, Post, Query, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { RequireRole } from '../../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../../common/api-problems.decorator.js';
import { PageQuery } from '../../common/page.js';
import { CurrentPrincipal } from '../current-principal.decorator.js';
import { LevelSpend } from '../level-spend.js';
import type { Principal } from '../principal.js';
import { IdentityStore } from './identity-store.js';
import { pageLimit, readPosition, sendNextLink } from './list-page.js';
import { TeamManagerGuard } from './team-manager.guard.js';
import {
  AddTeamMemberDto,
  DeleteTeamMemberDto,
  DeleteTeamsDto,
  NewTeamDto,
  TeamInfoQuery,
  UpdateTeamDto,
} from './team.dto.js';
import { DeletedTeamsView, TeamInfoView, TeamView, toTeamView, UpdatedTeamView } from './team.views.js';
import { TeamsService } from './teams.service.js';

/** Teams: grants that their keys share, and the people who manage them. */
@ApiTags('Teams')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('team')
export class TeamController {
  constructor(
    private readonly store: IdentityStore,
    private readonly teams: TeamsService,
    private readonly spend: LevelSpend,
  ) {}

  @Post('new')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Make a team',
    description:
      'A key in the team has the servers that both name; a key without `object_permission` has those of the team. ' +
      'A team without `object_permission` sets no bound.',
  })
  @ApiOkResponse({ type: TeamView })
  @ApiProblems(...BODY_PROBLEMS, 'conflict')
  async new(@Body() body: NewTeamDto, @CurrentPrincipal() caller: Principal): Promise<TeamView> {
    return toTeamView(await this.store.create('team', body.team_id, body, caller));
  }

  @Post('update')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Change a team',
    description: 'Fields that are missing are kept. In force for all keys of the team, on every replica, in 2 seconds.',
  })
  @ApiOkResponse({ type: UpdatedTeamView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async update(@Body() body: UpdateTeamDto, @CurrentPrincipal() caller: Principal): Promise<UpdatedTeamView> {
    const team = await this.store.update('team', body.team_id, body, caller);
    return { team_id: team.id, data: toTeamView(team) };
  }

  @Post('delete')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Delete teams',
    description: 'All of them, or none when one does not exist. Their keys stay and are refused everything.',
  })
  @ApiOkResponse({ type: DeletedTeamsView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async delete(@Body() body: DeleteTeamsDto, @CurrentPrincipal() caller: Principal): Promise<DeletedTeamsView> {
    return { deleted_teams: await this.store.delete('team', body.team_ids, caller) };
  }

  @Post('member_add')
  @HttpCode(200)
  @RequireRole('any')
  @UseGuards(TeamManagerGuard)
  @ApiOperation({ summary: 'Add a member to a team', description: 'For admins, and for admins of the team.' })
  @ApiOkResponse({ type: TeamView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found', 'conflict')
  async addMember(@Body() body: AddTeamMemberDto, @CurrentPrincipal() caller: Principal): Promise<TeamView> {
    return toTeamView(await this.teams.addMember(body.team_id, body.member, caller));
  }

  @Post('member_delete')
  @HttpCode(200)
  @RequireRole('any')
  @UseGuards(TeamManagerGuard)
  @ApiOperation({
    summary: 'Take a member out of a team',
    description:
      'For admins, and for admins of the team. All keys of the user in the team are refused everything from now on, on ' +
      'every replica within 2 seconds, until the user is a member again.',
  })
  @ApiOkResponse({ type: TeamView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async deleteMember(@Body() body: DeleteTeamMemberDto, @CurrentPrincipal() caller: Principal): Promise<TeamView> {
    return toTeamView(await this.teams.deleteMember(body.team_id, body.user_id, caller));
  }

  @Get('info')
  @RequireRole('any')
  @UseGuards(TeamManagerGuard)
  @ApiOperation({ summary: 'Read one team', description: 'Any team with an admin view, else one that you manage.' })
  @ApiOkResponse({ type: TeamInfoView })
  @ApiProblems('invalid_request', 'not_found')
  async info(@Query() query: TeamInfoQuery, @CurrentPrincipal() caller: Principal): Promise<TeamInfoView> {
    const team = toTeamView(await this.teams.info(query.team_id, caller));
    return { team_id: team.team_id, team_info: await this.spend.addToOne('team', team, idOf) };
  }

  @Get('list')
  @RequireRole('any')
  @UseGuards(TeamManagerGuard)
  @ApiOperation({
    summary: 'List teams',
    description:
      'All teams with an admin view, else those that you manage, in order of creation. The `Link: rel="next"` header ' +
      'leads to the next page.',
  })
  @ApiOkResponse({ type: [TeamView] })
  @ApiProblems('invalid_request')
  async list(
    @Query() query: PageQuery,
    @CurrentPrincipal() caller: Principal,
    @Res({ passthrough: true }) response: Response,
  ): Promise<TeamView[]> {
    const page = await this.teams.list(pageLimit(query), readPosition(query), caller);
    sendNextLink(response, '/team/list', query, page.next);
    return this.spend.addTo('team', page.items.map(toTeamView), idOf);
  }
}

function idOf({ team_id }: TeamView): string {
  return team_id;
}
