import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsString,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import type { CatalogStatus } from '../../catalog/catalog.types.js';
import type { JsonObject, JsonValue } from '../../common/json.js';
import type { PinState } from './tool-pins.js';

const STATES = ['pinned', 'changed', 'new', 'rejected', 'unseen', 'missing'] as const;
const MOST_TOOLS = 5_000;
const EXAMPLE_HASH = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

/** A tool with the hash under which the admin saw it. */
export class SeenToolDto {
  @ApiProperty({ example: 'search', description: 'Upstream name.' })
  @IsString()
  @MaxLength(1024)
  name!: string;

  @ApiProperty({ example: EXAMPLE_HASH, description: '`current_hash`; to unpin, `pinned_hash`.' })
  @Matches(/^[0-9a-f]{64}$/, { message: 'must be a hash as the list of tools shows it' })
  hash!: string;
}

/** Body of a decision. */
export class ToolDecisionDto {
  @ApiProperty({ type: [SeenToolDto] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_TOOLS)
  @ArrayUnique((tool: SeenToolDto | null) => tool?.name, { message: 'must name each tool once' })
  @ValidateNested({ each: true })
  @Type(() => SeenToolDto)
  tools!: SeenToolDto[];
}

/** A member of a definition that is not what was pinned. */
export class DifferenceView {
  @ApiProperty({ example: 'description' })
  member!: string;

  @ApiProperty({ nullable: true, type: Object, description: 'null when it was not there.' })
  pinned!: JsonValue;

  @ApiProperty({ nullable: true, type: Object })
  current!: JsonValue;
}

/** One tool with what was decided about it. */
export class ReviewedToolView {
  @ApiProperty({ example: 'search' })
  name!: string;

  @ApiProperty({
    enum: STATES,
    description:
      '`pinned` tools can be used. `changed`, `new` and `rejected` ones are hidden and refused. `unseen`: no caller has ' +
      'come by yet. `missing`: pinned, and not offered any more.',
  })
  state!: PinState | 'missing';

  @ApiProperty({ type: String, nullable: true, example: EXAMPLE_HASH })
  current_hash!: string | null;

  @ApiProperty({ type: String, nullable: true, example: EXAMPLE_HASH })
  pinned_hash!: string | null;

  @ApiProperty({ type: String, nullable: true })
  rejected_hash!: string | null;

  @ApiProperty({ type: Object, nullable: true, description: 'What the server offers now; null for pinned tools.' })
  current!: JsonObject | null;

  @ApiProperty({ type: Object, nullable: true, description: 'What was agreed to; null for pinned tools.' })
  pinned!: JsonObject | null;

  @ApiProperty({ type: [DifferenceView] })
  difference!: DifferenceView[];

  @ApiProperty({ type: String, nullable: true, description: 'Who decided; null: pinned at first sight.' })
  decided_by!: string | null;

  @ApiProperty({ type: String, nullable: true })
  decided_at!: string | null;
}

/** The tools of a server with what was decided about them. */
export class ToolReviewView {
  @ApiProperty({ example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' })
  server_id!: string;

  @ApiProperty({ enum: ['ok', 'stale', 'unavailable', 'needs_auth'], description: 'How fresh the list is.' })
  status!: CatalogStatus;

  @ApiProperty({ type: [ReviewedToolView] })
  tools!: ReviewedToolView[];
}
