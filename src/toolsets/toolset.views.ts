import { ApiProperty } from '@nestjs/swagger';
import { RecordView } from '../auth/levels/level.views.js';
import { ToolReferenceDto } from './toolset.dto.js';
import type { ToolsetEntity } from './toolset.entity.js';
import type { ToolReference } from './toolset.js';

/** A toolset as it is shown. */
export class ToolsetView extends RecordView {
  @ApiProperty({ example: '0d7a2f9e-53b5-4b59-9a0c-6f1d2c3b4a51' })
  toolset_id!: string;

  @ApiProperty({ example: 'support' })
  toolset_name!: string;

  @ApiProperty({ type: String, nullable: true, example: 'What the support desk may use' })
  description!: string | null;

  @ApiProperty({
    type: [ToolReferenceDto],
    description: 'Callers without an admin view see those of servers in their reach',
  })
  tools!: readonly ToolReference[];
}

/** Answer of a write. */
export class WrittenToolsetView extends ToolsetView {
  @ApiProperty({
    type: [ToolReferenceDto],
    description:
      'Tools that the catalogue does not have, because their server has no such tool or could not be asked. They are ' +
      'kept, and come into force when the server offers them.',
  })
  missing_tools!: readonly ToolReference[];
}

/**
 * What is shown of a stored toolset.
 * @param servers ids of the servers that the reader may know of
 */
export function toToolsetView(row: ToolsetEntity, servers: ReadonlySet<string> | 'all'): ToolsetView {
  return {
    toolset_id: row.toolset_id,
    toolset_name: row.toolset_name,
    description: row.description,
    tools: servers === 'all' ? row.tools : row.tools.filter(({ server_id: id }) => servers.has(id)).map(withoutFixed),
    created_at: row.created_at.toISOString(),
    created_by: row.created_by,
    updated_at: row.updated_at.toISOString(),
    updated_by: row.updated_by,
  };
}

function withoutFixed({ fixed_arguments: _fixed, ...shown }: ToolReference): ToolReference {
  return shown;
}
