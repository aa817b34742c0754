import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { IsDisplayName, IsIdentityId, IsIdentityIdList, MayBeMissing } from './level-validators.js';
import { LevelFieldsDto } from './level.dto.js';

const EXAMPLE_ID = '5c9a7a52-6b0d-4a55-b7a6-1f6a3c8e0d33';

/** What can be written to an agent. */
export class AgentFieldsDto extends LevelFieldsDto {
  @ApiPropertyOptional({ type: String, nullable: true, example: 'release-bot', description: 'Name for people' })
  @IsOptional()
  @IsDisplayName()
  agent_name?: string | null;
}

/** Body of `POST /agent/new`. */
export class NewAgentDto extends AgentFieldsDto {
  @ApiPropertyOptional({ example: EXAMPLE_ID, description: 'Missing: a UUID is made' })
  @MayBeMissing()
  @IsIdentityId()
  agent_id?: string;
}

/** Body of `POST /agent/update`. */
export class UpdateAgentDto extends AgentFieldsDto {
  @ApiProperty({ example: EXAMPLE_ID })
  @IsIdentityId()
  agent_id!: string;
}

/** Body of `POST /agent/delete`. */
export class DeleteAgentsDto {
  @ApiProperty({ type: [String], example: [EXAMPLE_ID] })
  @IsIdentityIdList()
  agent_ids!: string[];
}

/** Query of `GET /agent/info`. */
export class AgentInfoQuery {
  @ApiProperty({ example: EXAMPLE_ID })
  @IsIdentityId()
  agent_id!: string;
}
