import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { plainToInstance, Transform, type ClassConstructor } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsObject,
  IsOptional,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { isJsonObject } from '../common/json.js';
import {
  AccessGroupDraftDto,
  CeilingDraftDto,
  DraftTargetDto,
  KeyDraftDto,
  ServerDraftDto,
  TeamDraftDto,
  UserDraftDto,
  type DraftDto,
  type DraftKind,
} from './draft.dto.js';

const MAX_CHANGES = 100;
const MAX_DAYS = 90;
const WHOLE_DAYS = `must be a whole number from 1 to ${MAX_DAYS}`;

const DRAFTS: Readonly<Record<DraftKind, ClassConstructor<DraftTargetDto>>> = {
  key: KeyDraftDto,
  team: TeamDraftDto,
  user: UserDraftDto,
  customer: CeilingDraftDto,
  agent: CeilingDraftDto,
  organization: CeilingDraftDto,
  access_group: AccessGroupDraftDto,
  server: ServerDraftDto,
};
const DRAFT_MODELS = [...new Set(Object.values(DRAFTS))];

/** Body of `POST /v1/mcp/permissions/simulate`. */
@ApiExtraModels(...DRAFT_MODELS)
export class SimulateDto {
  @ApiPropertyOptional({ type: Number, minimum: 1, maximum: MAX_DAYS, default: 7, description: 'Days to look back' })
  @IsOptional()
  @IsInt({ message: WHOLE_DAYS })
  @Min(1, { message: WHOLE_DAYS })
  @Max(MAX_DAYS, { message: WHOLE_DAYS })
  days?: number;

  @ApiProperty({
    type: 'array',
    items: { oneOf: DRAFT_MODELS.map((model) => ({ $ref: getSchemaPath(model) })) },
    description:
      'Each names what it changes and holds fields of the update of that kind, which are checked and read as the update ' +
      'does: what is missing is kept, null puts the default back. Each is checked against what is stored now, and all ' +
      'of them are in force together. Fields that do not decide who may use what are refused: limits and budgets are ' +
      'not simulated.',
    example: [
      { kind: 'team', id: 'platform', object_permission: { mcp_tool_permissions: { everything: ['echo'] } } },
      { kind: 'server', id: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001', disallowed_tools: ['get-env'] },
    ],
  })
  @IsArray({ message: 'must be a list' })
  @ArrayMinSize(1, { message: 'must have at least one change' })
  @ArrayMaxSize(MAX_CHANGES, { message: `must have at most ${MAX_CHANGES} changes` })
  @IsObject({ each: true, message: 'must be a list of changes, each an object' })
  @ValidateNested({ each: true })
  @Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? value.map(draftOf) : value))
  changes!: DraftDto[];
}

/** A change of a kind that is not known is only looked at for that. */
function draftOf(change: unknown): unknown {
  if (!isJsonObject(change)) return change;
  const { kind } = change;
  const isKnown = typeof kind === 'string' && Object.hasOwn(DRAFTS, kind);
  return plainToInstance(isKnown ? DRAFTS[kind as DraftKind] : DraftTargetDto, change);
}
