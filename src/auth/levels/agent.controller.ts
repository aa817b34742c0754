import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { RequireRole } from '../../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../../common/api-problems.decorator.js';
import { PageQuery } from '../../common/page.js';
import { CurrentPrincipal } from '../current-principal.decorator.js';
import { LevelSpend } from '../level-spend.js';
import type { Principal } from '../principal.js';
import { AgentInfoQuery, DeleteAgentsDto, NewAgentDto, UpdateAgentDto } from './agent.dto.js';
import { DeletedAgentsView, toAgentView, AgentView } from './agent.views.js';
import { IdentityStore } from './identity-store.js';
import { pageLimit, readPosition, sendNextLink } from './list-page.js';

/** Agents: ceilings over the keys that name them. */
@ApiTags('Agents')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('agent')
export class AgentController {
  constructor(
    private readonly store: IdentityStore,
    private readonly spend: LevelSpend,
  ) {}

  @Post('new')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Make an agent',
    description: 'Its grants are a ceiling over the keys with its `agent_id`: they add nothing.',
  })
  @ApiOkResponse({ type: AgentView })
  @ApiProblems(...BODY_PROBLEMS, 'conflict')
  async new(@Body() body: NewAgentDto, @CurrentPrincipal() caller: Principal): Promise<AgentView> {
    return toAgentView(await this.store.create('agent', body.agent_id, body, caller));
  }

  @Post('update')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({ summary: 'Change an agent', description: 'Fields that are missing are kept.' })
  @ApiOkResponse({ type: AgentView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async update(@Body() body: UpdateAgentDto, @CurrentPrincipal() caller: Principal): Promise<AgentView> {
    return toAgentView(await this.store.update('agent', body.agent_id, body, caller));
  }

  @Post('delete')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Delete agents',
    description: 'All of them, or none when one does not exist. What refers to them stays and is refused everything.',
  })
  @ApiOkResponse({ type: DeletedAgentsView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async delete(@Body() body: DeleteAgentsDto, @CurrentPrincipal() caller: Principal): Promise<DeletedAgentsView> {
    return { deleted_agents: await this.store.delete('agent', body.agent_ids, caller) };
  }

  @Get('info')
  @RequireRole('admin_view')
  @ApiOperation({ summary: 'Read one agent' })
  @ApiOkResponse({ type: AgentView })
  @ApiProblems('invalid_request', 'not_found')
  async info(@Query() query: AgentInfoQuery): Promise<AgentView> {
    const view = toAgentView(await this.store.get('agent', query.agent_id));
    return this.spend.addToOne('agent', view, idOf);
  }

  @Get('list')
  @RequireRole('admin_view')
  @ApiOperation({
    summary: 'List agents',
    description: 'In order of creation. The `Link: rel="next"` header leads to the next page.',
  })
  @ApiOkResponse({ type: [AgentView] })
  @ApiProblems('invalid_request')
  async list(@Query() query: PageQuery, @Res({ passthrough: true }) response: Response): Promise<AgentView[]> {
    const page = await this.store.list('agent', pageLimit(query), readPosition(query));
    sendNextLink(response, '/agent/list', query, page.next);
    return this.spend.addTo('agent', page.items.map(toAgentView), idOf);
  }
}

function idOf({ agent_id }: AgentView): string {
  return agent_id;
}
