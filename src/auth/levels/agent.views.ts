import { ApiProperty } from '@nestjs/swagger';
import type { AgentEntity } from './agent.entity.js';
import { LevelView, toLevelView } from './level.views.js';

/** An agent as it is shown. */
export class AgentView extends LevelView {
  @ApiProperty()
  agent_id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'release-bot' })
  agent_name!: string | null;
}

/** Answer of `POST /agent/delete`. */
export class DeletedAgentsView {
  @ApiProperty({ type: [String], description: 'Ids of the agents that are gone' })
  deleted_agents!: readonly string[];
}

/** What is shown of a stored agent. */
export function toAgentView(agent: AgentEntity): AgentView {
  return { agent_id: agent.id, agent_name: agent.agent_name, ...toLevelView(agent) };
}
